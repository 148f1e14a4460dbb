"""Scenes and their captions, deterministic by seed: what stands where, under which words.

Nothing is drawn here: a scene is a list of placements in the order they are painted, and a caption whose every noun knows which of them it names.
`compositions.py` arranges things, `captions.py` makes sentences of them, `plans.py` packs scenes into arrays for the renderer and the trainer.
"""

from __future__ import annotations

from dataclasses import dataclass

from .captions import NOTHING_KNOWN, finish
from .compositions import Arranger, Draft, Placement
from .concepts import Concept, all_concepts
from .dice import Dice
from .looks import BORN_STYLES, CALM, LIGHTS, PLACES, PLAIN, STYLES

THINGS = 6  # placements a scene may hold

# A caption that names no style shows an icon set as it is; the first is what people like best, the others are there for variety.
SET_WEIGHTS = (0.72, 0.1, 0.18)
NAMED_STYLE = 0.42  # share of captions that name their style
LIGHT = 0.12  # and their weather or time of day
# Drawn in grey, where a coloured wall or light would be said and not seen.
GREY_STYLES = {"pencil", "ink"}
GREY_LIGHTS, GREY_PLAIN = ("fog", "rain", "snowfall"), ("white", "gray", "black")
# Weather needs its sky where no place is named; light does not.
PLACE_OF_LIGHT = {"rain": "rain", "snowfall": "snow", "moonlight": "night"}


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


class SceneGenerator:
    def __init__(self, held: bool = False, concepts: tuple[Concept, ...] | None = None):
        """`held`: draw only held-out pairs (evaluation) instead of only the others (training)."""
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
        grey = style in GREY_STYLES
        light = dice.one(GREY_LIGHTS if grey else LIGHTS[1:]) if dice.chance(LIGHT) else "none"
        background, said_place = self._background(dice, draft, light, GREY_PLAIN if grey else PLAIN)
        if background == "rain":
            light = "rain"
        placements = self.arranger.settle(dice, draft, background, born)
        where = background if said_place else None
        said_light = light if light != "none" and where != "rain" else None
        caption, named = finish(dice, draft.phrase, draft.tags, where, said_light, style if style_said else None)
        return Scene(
            caption, named, background, style, born, light, placements, draft.composition, draft.relation, int(dice.random() * 2**31), said_place, style_said
        )

    def _nothing(self, dice: Dice) -> Scene:
        caption, named = finish(dice, None, [], None, None, None)
        return Scene(caption, named, CALM, "3d", 0, "none", (), "nothing", background_seed=int(dice.random() * 2**31))

    def _background(self, dice: Dice, draft: Draft, light: str, plain: tuple[str, ...]) -> tuple[str, bool]:
        """(background, whether the caption says so)"""
        if draft.place is not None:
            return draft.place, draft.place in PLACES
        draw = dice.random()
        if draw < 0.12:
            return dice.one(plain), True
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
