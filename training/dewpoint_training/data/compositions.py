"""How things stand to each other: every composition as a phrase and an arrangement that cannot be mistaken for another one's.

Sizes and places are continuous. A relation is arranged around its subject in units of the subject's size, scaled as a whole, mirrored half of the time, and
then the whole group is put somewhere into the picture (`settle`), where the border may cut a little off it.
"""
from __future__ import annotations

import math
from bisect import bisect
from dataclasses import dataclass, field, replace
from itertools import accumulate

from .captions import Part
from .concepts import Concept, grammar, with_article
from .scenes import CALM, PLACES, WEIGHTLESS, Dice, Placement, held_out, pair_key
from .sprites import HUES

SIZE = 256
COLORS = tuple(HUES)
LARGE, SMALL = (160, 205), (52, 84)  # px, where a word says so
CUT = 0.1  # share of a sprite's side the border may cut off
TILT = math.radians(8)

# Share of each composition at stage 1; at stage 0 a scene is one large thing.
MIX = dict(
    single=0.6, pair=0.25, sided=0.15,
)


class Weighted:
    """Concepts to draw from, the starred ones more often."""

    def __init__(self, concepts):
        self.concepts = tuple(concepts)
        self.cumulative = list(accumulate(c.weight for c in self.concepts))

    def __bool__(self) -> bool:
        return bool(self.concepts)

    def draw(self, dice: Dice) -> Concept:
        return self.concepts[bisect(self.cumulative, dice.random() * self.cumulative[-1])]


@dataclass
class Draft:
    phrase: list[Part]
    tags: list[list[Part]]  # the things alone, for captions that are lists of words; empty where the words would not say enough
    placements: list[Placement]  # in units that fit the picture already, around any origin
    composition: str
    relation: str = ""
    place: str | None = None  # where it has to be
    flags: str = ""  # of the first thing: where it likes to be
    floats: bool = False  # may hang in the air


class Arranger:
    def __init__(self, concepts: tuple[Concept, ...], held: bool):
        self.held = held
        self.by_label = {c.label: c for c in concepts}
        g = grammar()
        self.unmirrored = set(g["unmirrored"]) | {c.label for c in concepts if "t" in c.flags}

        def group(*categories, also=lambda c: True):
            return Weighted(c for c in concepts if c.category in categories and also(c))

        worn = lambda c: not set(c.flags) & set("hg")  # noqa: E731
        self.all = Weighted(concepts)
        self.subjects = group("animal", "person", "profession")
        self.food, self.drinks, self.music = group("food"), group("drink"), group("music")
        heavy = set(g["heavy"])
        self.portable = group("food", "drink", "toy", "thing", "plant", "music", also=lambda c: worn(c) and c.label not in heavy)
        self.rideable = Weighted(c for c in concepts if "r" in c.flags)
        self.hats, self.glasses = Weighted(c for c in concepts if "h" in c.flags), Weighted(c for c in concepts if "g" in c.flags)
        self.colourable = Weighted(c for c in concepts if "c" in c.flags)
        self.countable = Weighted(c for c in concepts if not c.mass)
        listed = lambda name: Weighted(self.by_label[label] for label in g[name] if label in self.by_label)  # noqa: E731
        self.seats, self.containers, self.balls = listed("seats"), listed("containers"), listed("balls")
        self.actions = {name: action for name, action in g["actions"].items() if all(prop["label"] in self.by_label for prop in action["props"])}
        self.names, self.weights = tuple(MIX), tuple(MIX.values())

    # --- choosing -------------------------------------------------------------------------------------------------------------------
    def draft(self, dice: Dice, stage: float, composition: str | None) -> Draft:
        if composition is None:
            composition = dice.weighted(self.names, self.weights) if dice.random() < stage else "portrait"
        return getattr(self, composition)(dice)

    def pick_pair(self, dice: Dice, first: Weighted, second: Weighted, relation: str | None = None) -> tuple[Concept, Concept]:
        for _ in range(2000):
            a, b = first.draw(dice), second.draw(dice)
            if a is b or self.alike(a, b):
                continue
            if self.allowed(a, b, relation):
                return a, b
        raise RuntimeError(f"no {'held-out' if self.held else 'training'} pair for {relation}")

    def allowed(self, a: Concept, b: Concept, relation: str | None) -> bool:
        out = held_out(pair_key(a, b)) or (relation is not None and held_out(f"relation:{relation}|{a.label}|{b.label}"))
        return out == self.held

    def alike(self, a: Concept, b: Concept) -> bool:
        """Two concepts that share a word: "a book and a book" would be two pictures of one caption."""
        return not set(a.words).isdisjoint(b.words)

    def color_for(self, dice: Dice, concept: Concept, p: float) -> str | None:
        if "c" not in concept.flags or dice.random() >= p:
            return None
        for color in dice.sample(COLORS, len(COLORS)):
            if held_out(f"color:{color}|{concept.label}") == self.held:
                return color
        return None

    def may_mirror(self, label: str) -> bool:
        return label not in self.unmirrored

    # --- words ----------------------------------------------------------------------------------------------------------------------
    def word(self, dice: Dice, c: Concept) -> str:
        return c.name if len(c.words) == 1 or dice.chance(0.65) else c.words[1 + int(dice.random() * (len(c.words) - 1))]

    def noun(self, dice: Dice, c: Concept, thing: int, color: str | None = None, adjective: str | None = None) -> list[Part]:
        word = self.word(dice, c)
        before = "".join(w + " " for w in (adjective, color) if w)
        if not c.mass:
            before = with_article(before + word)[: -len(word)] if dice.chance(0.9) else "the " + before
        return [(before, -1), (word, thing)] if before else [(word, thing)]

    def many(self, dice: Dice, c: Concept, thing: int, n: int, color: str | None = None) -> list[Part]:
        number = dice.one(grammar()["numbers"][str(n)])
        return [(number + " " + (color + " " if color else ""), -1), (c.plural(self.word(dice, c)), thing)]

    def say(self, dice: Dice, relation: str) -> Part:
        return (" " + dice.one(grammar()["relations"][relation]) + " ", -1)

    # --- one thing --------------------------------------------------------------------------------------------------------------------
    def portrait(self, dice: Dice) -> Draft:
        """The first stage: one large thing."""
        c = self.all.draw(dice)
        color = self.color_for(dice, c, 0.15)
        return Draft(self.noun(dice, c, 0, color), [], [stand(dice, c, dice.between(140, 205), color)], "single", flags=c.flags, floats="s" in c.flags)

    def single(self, dice: Dice) -> Draft:
        coloured = dice.chance(0.2)
        c = (self.colourable if coloured else self.all).draw(dice)
        color = self.color_for(dice, c, 1.0 if coloured else 0.0)
        draw, adjective = dice.random(), None
        if draw < 0.07:
            size, adjective = dice.between(*LARGE), dice.one(grammar()["sizes"]["large"])
        elif draw < 0.14:
            size, adjective = dice.between(*SMALL), dice.one(grammar()["sizes"]["small"])
        else:
            size = dice.between(64, 200)
        phrase = self.noun(dice, c, 0, color, adjective)
        return Draft(phrase, [] if adjective or color else [[(self.word(dice, c), 0)]], [stand(dice, c, size, color)], "single", flags=c.flags, floats="s" in c.flags)

    # --- two things -------------------------------------------------------------------------------------------------------------------
    def two(self, dice: Dice, a: Concept, b: Concept, relation: str, placements: list[Placement], composition: str, ca=None, cb=None, tags=False, **more) -> Draft:
        phrase = [*self.noun(dice, a, 0, ca), self.say(dice, relation), *self.noun(dice, b, 1, cb)]
        listed = [[(self.word(dice, a), 0)], [(self.word(dice, b), 1)]] if tags and not ca and not cb else []
        return Draft(phrase, listed, placements, composition, relation, flags=a.flags, **more)

    def pair(self, dice: Dice, relation: str = "next to") -> Draft:
        a, b = self.pick_pair(dice, self.subjects if dice.chance(0.5) else self.all, self.all)
        ca, cb = self.color_for(dice, a, 0.3), self.color_for(dice, b, 0.3)
        sa = dice.between(80, 140)
        sb = min(140.0, max(72.0, sa * dice.between(0.75, 1.3)))
        apart = (sa + sb) / 2 * dice.between(0.88, 1.1)
        # Whoever writes "a cat and a dog" reads from left to right, mostly.
        left = relation == "left of" or (relation == "next to" and dice.chance(0.85))
        way = 1 if left else -1
        lift = dice.between(-0.12, 0.12) * sb
        placements = [Placement(a.label, 0, 0, sa, tilt(dice), color=ca, thing=0), Placement(b.label, way * apart, (sa - sb) / 2 + lift, sb, tilt(dice), color=cb, thing=1)]
        return self.two(dice, a, b, relation, placements, "sided" if relation != "next to" else "pair", ca, cb, tags=relation == "next to")

    def sided(self, dice: Dice) -> Draft:
        return self.pair(dice, dice.one(("left of", "right of")))

    # --- where it all goes ------------------------------------------------------------------------------------------------------------
    def settle(self, dice: Dice, draft: Draft, background: str) -> tuple[Placement, ...]:
        """Puts the group somewhere into the picture, smaller if it does not fit."""
        placements = draft.placements
        left, right = min(p.x - p.size / 2 for p in placements), max(p.x + p.size / 2 for p in placements)
        top, bottom = min(p.y - p.size / 2 for p in placements), max(p.y + p.size / 2 for p in placements)
        cut = CUT * min(p.size for p in placements)
        scale = min(1.0, (SIZE + cut) / (right - left), (SIZE + cut) / (bottom - top))
        if len(placements) > 1:
            scale *= dice.between(0.78, 1.0)
        cut, width, height = cut * scale, (right - left) * scale, (bottom - top) * scale
        x = dice.between(-cut, max(-cut, SIZE - width + cut))
        lowest, highest = SIZE - height + cut, -cut  # of the group's upper edge
        grounded = background in PLACES and background not in WEIGHTLESS
        hangs = draft.floats and dice.chance(0.75)
        if grounded and not hangs:
            # What stands on the ground stands between 0.68 and the lower border; nearer is lower.
            highest = min(lowest, max(highest, 0.68 * SIZE - height))
        elif hangs and grounded:
            lowest = max(highest, min(lowest, 0.62 * SIZE - height))
        y = dice.between(highest, max(highest, lowest))
        shadows = not hangs and (grounded or (background not in WEIGHTLESS and dice.chance(0.4)))
        return tuple(
            replace(p, x=(p.x - left) * scale + x, y=(p.y - top) * scale + y, size=p.size * scale, shadow=p.shadow and shadows)
            for p in placements
        )  # fmt: skip


def tilt(dice: Dice) -> float:
    """A third of the things stand a little turned."""
    return dice.between(-TILT, TILT) if dice.chance(0.33) else 0.0


def stand(dice: Dice, c: Concept, size: float, color: str | None = None) -> Placement:
    return Placement(c.label, 0, 0, size, tilt(dice), color=color)
