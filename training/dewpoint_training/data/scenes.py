"""Scenes and their captions, deterministic by seed: what stands where, under which words.

Nothing is drawn here: a scene is a list of placements in the order they are painted, and a caption whose every noun knows which of them it names.
`compositions.py` arranges things, `captions.py` makes sentences of them, `plans.py` packs scenes into arrays for the renderer and the trainer.
"""
from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from functools import lru_cache

from .backgrounds import COLORS
from .captions import NOTHING_KNOWN, Part, finish
from .concepts import Concept, all_concepts, grammar

SETS = ("fluent-emoji", "fluent-emoji-flat", "noto")
BORN_STYLES = ("3d", "flat", "cartoon")  # what the sets look like unfiltered, in their order
STYLES = (*BORN_STYLES, "watercolour", "oil painting", "pixel art", "pencil", "ink", "paper cut", "neon", "stained glass", "pastel")
LIGHTS = ("none", "golden hour", "fog", "moonlight", "rain", "snowfall")
CALM = "calm"  # a soft gradient: what a caption without a place shows
PLACES = tuple(grammar()["places"])
BACKGROUNDS = (*PLACES, *COLORS, CALM)
WEIGHTLESS = {"space", "underwater", "clouds"}  # no ground: things hang anywhere and cast no shadow
THINGS = 6  # placements a scene may hold

# A caption that names no style shows an icon set as it is; the first is what people like best, the others are there for variety.
SET_WEIGHTS = (0.72, 0.1, 0.18)
NAMED_STYLE = 0.42  # share of captions that name their style
LIGHT = 0.12  # and their weather or time of day
# Weather needs its sky where no place is named; light does not.
PLACE_OF_LIGHT = {"rain": "rain", "snowfall": "snow", "moonlight": "night"}


@dataclass(frozen=True, slots=True)
class Placement:
    label: str
    x: float  # centre, px of a 256 px picture
    y: float
    size: float  # side of the square sprite, px
    angle: float = 0.0  # radians, clockwise
    mirror: bool = False
    color: str | None = None
    shadow: bool = True
    thing: int = 0  # which thing of the caption it is; the members of a count share one


@dataclass(frozen=True, slots=True)
class Scene:
    caption: str
    named: tuple[tuple[int, int, int], ...]  # (start, end, thing): characters of the caption that name a thing
    background: str
    style: str
    set: int
    light: str
    placements: tuple[Placement, ...]  # painted in this order
    composition: str
    relation: str = ""
    background_seed: int = 0
    said_place: bool = False
    said_style: bool = False


class Dice(random.Random):
    """Python's generator, not numpy's: a scene throws some fifty single dice, which numpy charges two microseconds each."""

    def chance(self, p: float) -> bool:
        return self.random() < p

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()

    def sign(self) -> int:
        return 1 if self.random() < 0.5 else -1

    def one(self, options):
        return options[int(self.random() * len(options))]

    def weighted(self, options, weights):
        return self.choices(options, weights)[0]


@lru_cache(1 << 20)
def held_out(key: str) -> bool:
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:4], "big") % grammar()["heldOut"]["modulus"] == 0


def pair_key(a: Concept, b: Concept) -> str:
    return "objects:" + "|".join(sorted((a.label, b.label)))


class SceneGenerator:
    def __init__(self, held: bool = False, concepts: tuple[Concept, ...] | None = None):
        """`held`: draw only held-out pairs (evaluation) instead of only the others (training)."""
        from .compositions import Arranger

        self.arranger = Arranger(concepts or all_concepts(), held)

    def scene(self, seed: int, k: int = 0, stage: float = 1.0, composition: str | None = None) -> Scene:
        """Scene k of a seed. `stage` 0 shows single large things, 1 the whole mixture, in between a share of each."""
        dice = Dice(f"{seed}/{k}")
        if composition is None and dice.chance(NOTHING_KNOWN):
            return self._nothing(dice)
        draft = self.arranger.draft(dice, stage, composition)
        style_said = dice.chance(NAMED_STYLE)
        if style_said:
            style = dice.one(STYLES)
            born = BORN_STYLES.index(style) if style in BORN_STYLES else dice.weighted((0, 1, 2), SET_WEIGHTS)
        else:
            born = dice.weighted((0, 1, 2), SET_WEIGHTS)
            style = BORN_STYLES[born]
        light = dice.one(LIGHTS[1:]) if dice.chance(LIGHT) else "none"
        background, said_place = self._background(dice, draft, light)
        if background == "rain":
            light = "rain"
        placements = self._mirrored(dice, self.arranger.settle(dice, draft, background))
        where = background if said_place else None
        said_light = light if light != "none" and where != "rain" else None
        caption, named = finish(dice, draft.phrase, draft.tags, where, said_light, style if style_said else None)
        return Scene(caption, named, background, style, born, light, placements, draft.composition, draft.relation, int(dice.random() * 2**31), said_place, style_said)

    def _nothing(self, dice: Dice) -> Scene:
        caption, named = finish(dice, None, [], None, None, None)
        return Scene(caption, named, CALM, "3d", 0, "none", (), "nothing", background_seed=int(dice.random() * 2**31))

    def _background(self, dice: Dice, draft, light: str) -> tuple[str, bool]:
        """(background, whether the caption says so)"""
        if draft.place is not None:
            return draft.place, draft.place in PLACES
        draw = dice.random()
        if draw < 0.12:
            return dice.one(tuple(COLORS)), True
        if draw < 0.42:
            return PLACE_OF_LIGHT.get(light, CALM), False
        # Things are usually where they belong, often enough elsewhere that place and thing stay separate words.
        flags = draft.flags
        if dice.chance(0.35):
            if "u" in flags:
                return "underwater", True
            if "s" in flags:
                return dice.one(("clouds", "night", "space", "sunset")), True
        return dice.one(PLACES), True

    def _mirrored(self, dice: Dice, placements: tuple[Placement, ...]) -> tuple[Placement, ...]:
        return tuple(replace(p, mirror=True) if not p.mirror and dice.chance(0.5) and self.arranger.may_mirror(p.label) else p for p in placements)
