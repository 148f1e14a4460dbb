"""Scenes and their captions, deterministic by seed.

A scene is a background, a style and one to five sprites. Sprites stand on a 32 px grid in four sizes, 64 to 160 px: one place of the U-Net's 8x8 level is
32 px wide, so a sprite's places are exactly the cells its words are drawn with, and there are far fewer things to learn than with free placement.
"""
from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .backgrounds import COLORS, paint_background
from .concepts import Concept, all_concepts, grammar, with_article
from .sprites import HUES, STYLES, Sprites

GRID = 16  # step of the compositions below
SNAP = 32  # what they are rounded to
STYLE_WEIGHTS = {"3d": 0.74, "flat": 0.11, "cartoon": 0.15}
WEIGHTLESS = {"space", "underwater", "clouds", "moon"}  # no shadow on the ground

# Share of each composition. `objects` is the curriculum's first stage (shapes before relations), `scenes` the rest.
MIXES = {
    "objects": dict(single=0.78, eating=0.06, count=0.06, pair=0.10),
    "scenes": dict(single=0.20, eating=0.10, drinking=0.02, holding=0.05, riding=0.06, wearing=0.06, pair=0.18, sided=0.13, stacked=0.04, above=0.03, under=0.02, depth=0.02, playing=0.01, count=0.13),
}


@dataclass(frozen=True)
class Placement:
    label: str
    size: int
    x: int  # left edge, px
    y: int  # top edge, px
    color: str | None = None
    shadow: bool = True


@dataclass
class Scene:
    caption: str
    background: str
    style: str
    placements: list[Placement] = field(default_factory=list)  # painted in this order
    composition: str = "single"
    background_seed: int = 0


def held_out(key: str) -> bool:
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:4], "big") % grammar()["heldOut"]["modulus"] == 0


def pair_key(a: Concept, b: Concept) -> str:
    return "objects:" + "|".join(sorted((a.label, b.label)))


class SceneGenerator:
    def __init__(self, sprites: Sprites, mix: str = "scenes", held: bool = False, concepts=None):
        """`held`: draw only held-out pairs (evaluation) instead of only the others (training)."""
        self.sprites, self.mix, self.held = sprites, MIXES[mix], held
        pool = [c for c in (concepts or all_concepts()) if all(sprites.has(c.label, s) for s in STYLES)]
        self.concepts = pool
        groups = lambda *names: [c for c in pool if c.category in names]
        self.subjects = groups("animal", "person")
        self.eaters = [c for c in groups("animal", "person") if c.label not in ("teddy bear", "bug")]
        self.food, self.drinks, self.music = groups("food"), groups("drink"), groups("music")
        self.portable = [c for c in groups("food", "drink", "toy", "thing", "plant", "music") if not set(c.flags) & set("hg") and c.label not in ("bed", "couch and lamp", "bathtub", "palm tree", "deciduous tree", "evergreen tree")]
        self.rideable = [c for c in pool if "r" in c.flags]
        self.hats, self.glasses = [c for c in pool if "h" in c.flags], [c for c in pool if "g" in c.flags]
        self.colourable = [c for c in pool if "c" in c.flags]
        self.countable = [c for c in pool if not c.mass]

    # --- choosing -----------------------------------------------------------------------------------------------------------------
    def pick(self, rng, concepts) -> Concept:
        weights = np.array([c.weight for c in concepts])
        return concepts[rng.choice(len(concepts), p=weights / weights.sum())]

    def pick_pair(self, rng, first, second, relation=None):
        for _ in range(2000):
            a, b = self.pick(rng, first), self.pick(rng, second)
            if a is b:
                continue
            out = held_out(pair_key(a, b)) or (relation is not None and held_out(f"relation:{relation}|{a.label}|{b.label}"))
            if out == self.held:
                return a, b
        raise RuntimeError(f"no {'held-out' if self.held else 'training'} pair for {relation}")

    def color_for(self, rng, concept: Concept, p: float) -> str | None:
        if "c" not in concept.flags or rng.random() >= p:
            return None
        for color in rng.permutation(list(HUES)):
            if held_out(f"color:{color}|{concept.label}") == self.held:
                return str(color)
        return None

    # --- words --------------------------------------------------------------------------------------------------------------------
    def word(self, rng, c: Concept) -> str:
        return c.name if len(c.words) == 1 or rng.random() < 0.65 else c.words[1 + rng.integers(len(c.words) - 1)]

    def noun(self, rng, c: Concept, color=None, size=None, bare=False) -> str:
        word = self.word(rng, c)
        adjectives = [str(rng.choice(grammar()["sizes"][size]))] if size else []
        phrase = " ".join(adjectives + ([color] if color else []) + [word])
        return phrase if bare or c.mass else with_article(phrase) if rng.random() < 0.9 else "the " + phrase

    def say(self, rng, kind: str) -> str:
        return str(rng.choice(grammar()["relations"][kind]))

    # --- compositions: each returns (subject phrase, tags, placements) --------------------------------------------------------------
    def single(self, rng):
        coloured = rng.random() < 0.16
        c = self.pick(rng, self.colourable if coloured else self.concepts)
        color = self.color_for(rng, c, 1.0 if coloured else 0.1)
        draw, size_word = rng.random(), None
        if draw < 0.87:
            size, x, y = 160, grid(rng, 16, 80), grid(rng, 64, 80)
            size_word = "large" if draw < 0.08 else None
        else:
            size, x, y, size_word = 64, grid(rng, 48, 144), grid(rng, 112, 160), "small"
        if "s" in c.flags and rng.random() < 0.6:
            y = grid(rng, 16, 48)
        return self.noun(rng, c, color, size_word), [c], [Placement(c.label, size, x, y, color, y + size > 200)]

    def at_mouth(self, rng, relation, things):
        a, b = self.pick_pair(rng, self.eaters, things, relation)
        x, y = grid(rng, 16, 48), grid(rng, 64, 80)
        if relation != "holding" and not b.mass and rng.random() < 0.3:
            phrase = b.plural(self.word(rng, b))  # "eating tacos": one is drawn, as people mean it
        else:
            phrase = self.noun(rng, b)
        offset = (80, 80) if relation == "eating" else (96, 80) if relation == "drinking" else (96, 64)
        return f"{self.noun(rng, a)} {self.say(rng, relation)} {phrase}", [a, b], [Placement(a.label, 160, x, y), Placement(b.label, 96 if relation != "drinking" else 64, x + offset[0], y + offset[1], shadow=False)]

    def eating(self, rng):
        return self.at_mouth(rng, "eating", self.food)

    def drinking(self, rng):
        return self.at_mouth(rng, "drinking", self.drinks)

    def holding(self, rng):
        return self.at_mouth(rng, "holding", self.portable)

    def playing(self, rng):
        return self.at_mouth(rng, "playing", self.music)

    def riding(self, rng):
        a, b = self.pick_pair(rng, self.subjects, self.rideable, "riding")
        x, y = grid(rng, 32, 64), 96
        color = self.color_for(rng, b, 0.15)
        return f"{self.noun(rng, a)} {self.say(rng, 'riding')} {self.noun(rng, b, color)}", [a, b], [Placement(a.label, 96, x + 32, y - 48, shadow=False), Placement(b.label, 160, x, y, color)]

    def wearing(self, rng):
        hats = rng.random() < 0.7
        a, b = self.pick_pair(rng, self.subjects, self.hats if hats else self.glasses, "wearing")
        x, y = grid(rng, 32, 64), 80
        color = self.color_for(rng, b, 0.3)
        place = Placement(b.label, 96, x + 32, y - 48 if hats else y + 16, color, False)
        return f"{self.noun(rng, a)} {self.say(rng, 'wearing')} {self.noun(rng, b, color)}", [a, b], [Placement(a.label, 160, x, y), place]

    def pair(self, rng, relation="next to"):
        a, b = self.pick_pair(rng, self.subjects if rng.random() < 0.5 else self.concepts, self.concepts)
        ca, cb = self.color_for(rng, a, 0.25), self.color_for(rng, b, 0.25)
        y, left, right = grid(rng, 80, 112), grid(rng, 0, 16), grid(rng, 112, 128)
        if relation == "right of":
            left, right = right, left
        places = [Placement(a.label, 128, left, y, ca), Placement(b.label, 128, right, y, cb)]
        return f"{self.noun(rng, a, ca)} {self.say(rng, relation)} {self.noun(rng, b, cb)}", [a, b], places

    def sided(self, rng):
        return self.pair(rng, str(rng.choice(["left of", "right of"])))

    def stacked(self, rng):
        a, b = self.pick_pair(rng, self.concepts, self.concepts, "on top of")
        x = grid(rng, 32, 96)
        return f"{self.noun(rng, a)} {self.say(rng, 'on top of')} {self.noun(rng, b)}", [a, b], [Placement(b.label, 128, x, 112), Placement(a.label, 96, x + 16, 32, shadow=False)]

    def above(self, rng):
        a, b = self.pick_pair(rng, self.concepts, self.concepts, "above")
        x = grid(rng, 32, 96)
        return f"{self.noun(rng, a)} {self.say(rng, 'above')} {self.noun(rng, b)}", [a, b], [Placement(b.label, 128, x, 112), Placement(a.label, 96, x + 16, 0, shadow=False)]

    def under(self, rng):
        a, b = self.pick_pair(rng, self.concepts, self.concepts, "under")
        x = grid(rng, 48, 80)
        return f"{self.noun(rng, a)} {self.say(rng, 'under')} {self.noun(rng, b)}", [a, b], [Placement(a.label, 128, x, 112), Placement(b.label, 128, x, 0, shadow=False)]

    def depth(self, rng):
        relation = str(rng.choice(["in front of", "behind"]))
        a, b = self.pick_pair(rng, self.concepts, self.concepts, relation)
        near, far = (a, b) if relation == "in front of" else (b, a)
        x = grid(rng, 32, 64)
        side = int(rng.choice([-16, 80]))
        return f"{self.noun(rng, a)} {self.say(rng, relation)} {self.noun(rng, b)}", [a, b], [Placement(far.label, 160, x, 48), Placement(near.label, 96, x + side, 144)]

    def count(self, rng):
        c = self.pick(rng, self.countable)
        n = int(rng.choice([2, 3, 4, 5], p=[0.4, 0.3, 0.15, 0.15]))
        color = self.color_for(rng, c, 0.2)
        dx, dy = grid(rng, 0, 16), grid(rng, 0, 16)
        layout = {
            2: (128, [(0, 80), (112, 80)]),
            3: (96, [(80, 16), (16, 128), (128, 128)]),
            4: (96, [(16, 16), (128, 16), (16, 128), (128, 128)]),
            5: (64, [(16, 48), (96, 48), (176, 48), (48, 144), (128, 144)]),
        }[n]
        number = str(rng.choice(grammar()["numbers"][str(n)]))
        phrase = " ".join([number] + ([color] if color else []) + [c.plural(self.word(rng, c))])
        return phrase, [c], [Placement(c.label, layout[0], x + dx, y + dy, color) for x, y in layout[1]]

    # --- the scene ------------------------------------------------------------------------------------------------------------------
    def scene(self, seed) -> Scene:
        rng = np.random.default_rng(seed)
        g = grammar()
        composition = str(rng.choice(list(self.mix), p=np.array(list(self.mix.values())) / sum(self.mix.values())))
        phrase, concepts, placements = getattr(self, composition)(rng)
        placements = [replace(p, x=round(p.x / SNAP) * SNAP, y=round(p.y / SNAP) * SNAP) for p in placements]
        style = str(rng.choice(list(STYLE_WEIGHTS), p=list(STYLE_WEIGHTS.values())))
        if rng.random() < 0.3:
            background = str(rng.choice(list(COLORS)))
            names = g["plain_names"].get(background, [background])
            where = str(rng.choice(g["plain"])).format(c=str(rng.choice(names)))
        else:
            background = self.place(rng, concepts)
            where = str(rng.choice(g["places"][background]))
        form = rng.random()
        if form < 0.06:  # bare tags
            caption = ", ".join([self.word(rng, c) for c in concepts] + ([where] if background in COLORS else [g["places"][background][-1]]))
        elif form < 0.14:  # the place left unsaid
            caption = phrase
        elif form < 0.24:
            caption = f"{where}, {phrase}"
        else:
            caption = f"{phrase} {where}"
        if rng.random() < 0.12:
            caption = str(rng.choice(g["long"])).format(x=caption)
        caption = str(rng.choice(g["styles"][style] + ["{x}"] * (8 if style == "3d" else 0))).format(x=caption)
        for doubled in (" a a ", " a an ", " a the ", " a the ", " a two ", " a three "):
            caption = caption.replace(doubled, " " + doubled.split()[-1] + " ")
        for start in ("a 3d a ", "a 3d an ", "a cartoon a ", "a cartoon an "):
            if caption.startswith(start):
                caption = start.rsplit(" ", 2)[0] + " " + caption[len(start):]
        if rng.random() < 0.08:
            caption = " ".join(w for w in caption.split() if w not in ("a", "an", "the"))
        return Scene(caption, background, style, placements, composition, int(rng.integers(2**31)))

    def place(self, rng, concepts) -> str:
        """Things are usually where they belong, often enough elsewhere that place and object stay separate words."""
        places = list(grammar()["places"])
        if rng.random() < 0.5:
            flags = "".join(c.flags for c in concepts[:1])
            if "u" in flags:
                return "underwater"
            if "s" in flags:
                return str(rng.choice(["clouds", "night", "space", "sunset"]))
        return str(rng.choice(places))


def grid(rng, low: int, high: int) -> int:
    """A multiple of the grid in [low, high]."""
    return int(low + GRID * rng.integers((high - low) // GRID + 1))


_shadow: dict[int, Image.Image] = {}


def shadow(size: int) -> Image.Image:
    if size not in _shadow:
        mask = Image.new("L", (size, size // 4))
        ImageDraw.Draw(mask).ellipse((size * 0.16, size * 0.06, size * 0.84, size * 0.19), fill=95)
        _shadow[size] = mask.filter(ImageFilter.GaussianBlur(size * 0.02))
    return _shadow[size]


def render_scene(scene: Scene, sprites: Sprites) -> Image.Image:
    """256x256 RGB."""
    image = paint_background(scene.background, np.random.default_rng(scene.background_seed))
    if scene.background not in WEIGHTLESS:
        for p in scene.placements:
            if p.shadow:
                image.paste((20, 20, 30), (p.x, p.y + p.size - p.size // 7), shadow(p.size))
    for p in scene.placements:
        sprite = sprites.get(p.label, scene.style, p.size, p.color)
        image.paste(sprite, (p.x, p.y), sprite)
    return image
