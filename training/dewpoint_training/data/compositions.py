"""How things stand to each other: every composition as a phrase and an arrangement that cannot be mistaken for another one's.

Sizes and places are continuous. A relation is arranged around its subject in units of the subject's size, scaled as a whole, mirrored half of the time, and
then the whole group is put somewhere into the picture (`settle`), where the border may cut a little off it.
"""

from __future__ import annotations

import hashlib
import math
import re
from bisect import bisect
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from ..model.tokenizer import words_of
from .captions import Part
from .concepts import Concept, grammar, roles, with_article
from .dice import Dice
from .looks import PLACES, WEIGHTLESS
from .outlines import outline
from .sprites import HUES

SIZE = 256
COLORS = tuple(HUES)
LARGE, SMALL = (160, 205), (52, 84)  # px, where a word says so
CUT = 0.13  # share of a sprite's side the border may cut off
TILT = math.radians(8)

# Share of each composition at stage 1; at stage 0 a scene is one large thing.
MIX = dict(
    single=0.34,
    pair=0.095,
    sided=0.09,
    stacked=0.035,
    above=0.03,
    depth=0.025,
    eating=0.05,
    drinking=0.015,
    holding=0.03,
    riding=0.03,
    wearing=0.03,
    playing=0.01,
    inside=0.015,
    sitting=0.02,
    action=0.065,
    dressed=0.015,
    couple=0.015,
    hugging=0.01,
    ball=0.01,
    count=0.085,
    counts=0.025,
    triple=0.02,
    around=0.01,
)


@dataclass(frozen=True, slots=True)
class Placement:
    label: str
    x: float  # centre, px of a 256 px picture
    y: float
    size: float  # side of the square sprite, px
    angle: float = 0.0  # radians, clockwise
    mirror: bool | None = None  # None: not decided yet
    color: str | None = None
    shadow: bool = True
    thing: int = 0  # which thing of the caption it is; the members of a count share one


@lru_cache(1 << 20)
def held_out(key: str) -> bool:
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:4], "big") % grammar()["heldOut"]["modulus"] == 0


def pair_key(a: Concept, b: Concept) -> str:
    return "objects:" + "|".join(sorted((a.label, b.label)))


FOREIGN = 0.1  # nouns said in another language or as an emoji
SIZED = {"count", "counts", "triple"}  # small enough as they are


EVEN = 0.3  # draws that do not ask what is starred, so that the rarest thing of eleven hundred is still seen a hundred times in a million draws


class Weighted:
    """Concepts to draw from, the starred ones more often."""

    def __init__(self, concepts):
        self.concepts = tuple(concepts)
        self.cumulative = list(accumulate(c.weight for c in self.concepts))

    def __bool__(self) -> bool:
        return bool(self.concepts)

    def draw(self, dice: Dice) -> Concept:
        if dice.random() < EVEN:
            return dice.one(self.concepts)
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
    worn: int | None = None  # the placement that sits on placement 0's head
    glasses: bool = False  # and whether over its eyes
    rests: tuple[int, int] | None = None  # the first placement stands on the second: their outlines touch


@lru_cache
def taken_names() -> tuple[frozenset[str], tuple[str, ...]]:
    """What a place or a style is called, and the phrases that say where or in which weather: a thing of that name would be a second
    picture of the same words."""
    g = grammar()
    said = [phrase for group in ("places", "lights") for phrases in g[group].values() for phrase in phrases]
    names = {tag for tags in g["place_tags"].values() for tag in tags} | {tag for tags in g["style_tags"].values() for tag in tags}
    return frozenset(names), tuple(f" {phrase} " for phrase in said if " " in phrase)


def without_taken_names(c: Concept) -> Concept | None:
    names, phrases = taken_names()
    words = tuple(w for w in c.words if w not in names and not any(phrase in f" {w} " for phrase in phrases))
    return c if words == c.words else replace(c, words=words) if words else None


class Arranger:
    def __init__(self, concepts: tuple[Concept, ...], held: bool):
        self.held = held
        may = roles()
        concepts = tuple(said for said in map(without_taken_names, concepts) if said and said.label not in may["undrawn"])
        self.by_label = {c.label: c for c in concepts}
        self.unmirrored = set(may["unmirrored"]) | {c.label for c in concepts if "t" in c.flags}

        def group(*categories, also=lambda c: True):
            return Weighted(c for c in concepts if c.category in categories and also(c))

        worn = lambda c: not set(c.flags) & set("hg")
        self.all = Weighted(concepts)
        self.subjects = group(
            "animal",
            "person",
            "profession",
            "face",
            also=lambda c: c.label not in may["inactive"] and (c.category != "face" or c.label in may["faces_that_act"]),
        )
        served = lambda c: c.label not in may["inedible"]
        self.food, self.drinks, self.music = group("food", also=served), group("drink", also=served), group("music", also=served)
        heavy = set(may["heavy"])
        self.portable = group("food", "drink", "toy", "thing", "plant", "music", also=lambda c: worn(c) and c.label not in heavy)
        self.rideable = Weighted(c for c in concepts if "r" in c.flags)
        self.hats, self.glasses = Weighted(c for c in concepts if "h" in c.flags), Weighted(c for c in concepts if "g" in c.flags)
        self.colourable = Weighted(c for c in concepts if "c" in c.flags)
        self.countable = Weighted(c for c in concepts if not c.mass)
        listed = lambda name: Weighted(self.by_label[label] for label in may[name] if label in self.by_label)
        self.seats, self.containers, self.balls = listed("seats"), listed("containers"), listed("balls")
        self.actions = {name: action for name, action in grammar()["actions"].items() if all(prop["label"] in self.by_label for prop in action["props"])}
        self.action_names = tuple(self.actions)
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

    def called(self, dice: Dice, c: Concept) -> str:
        """One of its names; now and then an emoji or another language's word, which read the same row of the word table."""
        if dice.chance(FOREIGN) and (others := words_of(c.label)):
            return others[0] if dice.chance(0.5) else dice.one(others)  # the first is its emoji
        return self.word(dice, c)

    def noun(self, dice: Dice, c: Concept, thing: int, color: str | None = None, adjective: str | None = None) -> list[Part]:
        word = self.called(dice, c)
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
            size = dice.between(78, 200)
        phrase = self.noun(dice, c, 0, color, adjective)
        return Draft(
            phrase, [] if adjective or color else [[(self.called(dice, c), 0)]], [stand(dice, c, size, color)], "single", flags=c.flags, floats="s" in c.flags
        )

    # --- two things -------------------------------------------------------------------------------------------------------------------
    def two(
        self, dice: Dice, a: Concept, b: Concept, relation: str, placements: list[Placement], composition: str, ca=None, cb=None, tags=False, **more
    ) -> Draft:
        phrase = [*self.noun(dice, a, 0, ca), self.say(dice, relation), *self.noun(dice, b, 1, cb)]
        listed = [[(self.called(dice, a), 0)], [(self.called(dice, b), 1)]] if tags and not ca and not cb else []
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
        placements = [
            Placement(a.label, 0, 0, sa, tilt(dice), color=ca, thing=0),
            Placement(b.label, way * apart, (sa - sb) / 2 + lift, sb, tilt(dice), color=cb, thing=1),
        ]
        return self.two(dice, a, b, relation, placements, "sided" if relation != "next to" else "pair", ca, cb, tags=relation == "next to")

    def sided(self, dice: Dice) -> Draft:
        return self.pair(dice, dice.one(("left of", "right of")))

    def stacked(self, dice: Dice) -> Draft:
        a, b = self.pick_pair(dice, self.subjects if dice.chance(0.4) else self.all, self.all, "on top of")
        sb = dice.between(110, 140)
        sa = sb * dice.between(0.62, 0.85)
        top = Placement(a.label, dice.between(-0.12, 0.12) * sb, -(0.44 * sb + 0.42 * sa), sa, tilt(dice), shadow=False, thing=0)
        return self.two(dice, a, b, "on top of", [Placement(b.label, 0, 0, sb, thing=1), top], "stacked", rests=(1, 0))

    def above(self, dice: Dice) -> Draft:
        """Above and under: a gap between the two, where "on top of" has none."""
        relation = dice.one(("above", "under"))
        a, b = self.pick_pair(dice, self.all, self.all, relation)
        upper, lower = (a, b) if relation == "above" else (b, a)
        su, sl = dice.between(76, 104), dice.between(88, 116)
        lift = su / 2 + sl / 2 + dice.between(12, 36)
        placements = [
            Placement(lower.label, 0, 0, sl, tilt(dice), thing=0 if lower is a else 1),
            Placement(upper.label, dice.between(-0.25, 0.25) * sl, -lift, su, tilt(dice), shadow=False, thing=0 if upper is a else 1),
        ]
        return self.two(dice, a, b, relation, placements, "above")

    def depth(self, dice: Dice) -> Draft:
        relation = dice.one(("in front of", "behind"))
        a, b = self.pick_pair(dice, self.all, self.all, relation)
        near, far = (a, b) if relation == "in front of" else (b, a)
        sf = dice.between(140, 175)
        sn = sf * dice.between(0.55, 0.7)
        aside = dice.sign() * dice.between(0.22, 0.38) * sf
        placements = [
            Placement(far.label, 0, 0, sf, tilt(dice), thing=0 if far is a else 1),
            Placement(near.label, aside, dice.between(0.58, 0.66) * sf - sn / 2, sn, tilt(dice), thing=0 if near is a else 1),
        ]
        return self.two(dice, a, b, relation, placements, "depth")

    def with_held(self, dice: Dice, relation: str, subjects: Weighted, things: Weighted, at: tuple[float, float], ratio: float) -> Draft:
        """Something at the mouth, in the hand or at the feet: `at` in units of the subject's size, on either side."""
        a, b = self.pick_pair(dice, subjects, things, relation)
        sa = dice.between(140, 170)
        side, color = dice.sign(), self.color_for(dice, b, 0.2)
        placements = [
            Placement(a.label, 0, 0, sa, tilt(dice), thing=0),
            Placement(
                b.label,
                side * (at[0] + dice.between(-0.04, 0.04)) * sa,
                (at[1] + dice.between(-0.04, 0.04)) * sa,
                sa * ratio * dice.between(0.92, 1.08),
                tilt(dice),
                color=color,
                shadow=False,
                thing=1,
            ),
        ]
        if relation in ("eating", "holding") and not b.mass and dice.chance(0.2):
            # "eating tacos": one is drawn, as people mean it
            phrase = [*self.noun(dice, a, 0), self.say(dice, relation), *([(color + " ", -1)] if color else []), (b.plural(self.word(dice, b)), 1)]
            return Draft(phrase, [], placements, relation, relation, flags=a.flags)
        return self.two(dice, a, b, relation, placements, relation, cb=color)

    def eating(self, dice: Dice) -> Draft:
        return self.with_held(dice, "eating", self.subjects, self.food, (0.34, 0.3), 0.54)

    def drinking(self, dice: Dice) -> Draft:
        return self.with_held(dice, "drinking", self.subjects, self.drinks, (0.36, 0.24), 0.44)

    def holding(self, dice: Dice) -> Draft:
        return self.with_held(dice, "holding", self.subjects, self.portable, (0.46, 0.16), 0.52)

    def playing(self, dice: Dice) -> Draft:
        return self.with_held(dice, "playing", self.subjects, self.music, (0.34, 0.28), 0.58)

    def ball(self, dice: Dice) -> Draft:
        if dice.chance(0.5):
            return self.with_held(dice, "kicking", self.subjects, self.balls, (0.6, 0.36), 0.36)
        return self.with_held(dice, "throwing", self.subjects, self.balls, (0.52, -0.42), 0.36)

    def riding(self, dice: Dice) -> Draft:
        a, b = self.pick_pair(dice, self.subjects, self.rideable, "riding")
        sb = dice.between(145, 170)
        sa, color = sb * dice.between(0.56, 0.66), self.color_for(dice, b, 0.25)
        placements = [
            Placement(a.label, dice.between(-0.1, 0.1) * sb, -0.5 * sb, sa, tilt(dice), shadow=False, thing=0),
            Placement(b.label, 0, 0, sb, color=color, thing=1),
        ]
        return self.two(dice, a, b, "riding", placements, "riding", cb=color)

    def wearing(self, dice: Dice) -> Draft:
        a, b = self.pick_pair(dice, self.subjects, self.glasses if self.glasses and dice.chance(0.3) else self.hats, "wearing")
        sa, color = dice.between(140, 175), self.color_for(dice, b, 0.35)
        return self.two(
            dice,
            a,
            b,
            "wearing",
            [Placement(a.label, 0, 0, sa, thing=0), self.worn(dice, b, sa, color, 1)],
            "wearing",
            cb=color,
            worn=1,
            glasses="g" in b.flags,
        )

    def worn(self, dice: Dice, b: Concept, size: float, color: str | None, thing: int) -> Placement:
        """Roughly on the head; `settle` knows where that is."""
        return Placement(b.label, 0, (-0.08 if "g" in b.flags else -0.48) * size, size * 0.58, tilt(dice), color=color, shadow=False, thing=thing)

    def inside(self, dice: Dice) -> Draft:
        a, b = self.pick_pair(dice, self.subjects if dice.chance(0.6) else self.portable, self.containers, "inside")
        sb = dice.between(120, 150)
        sa, color = sb * dice.between(0.66, 0.82), self.color_for(dice, b, 0.3)
        # The container hides the lower part of what is in it.
        placements = [
            Placement(a.label, dice.between(-0.06, 0.06) * sb, -0.5 * sb, sa, tilt(dice), shadow=False, thing=0),
            Placement(b.label, 0, 0, sb, color=color, thing=1),
        ]
        return self.two(dice, a, b, "inside", placements, "inside", cb=color)

    def sitting(self, dice: Dice) -> Draft:
        a, b = self.pick_pair(dice, self.subjects, self.seats, "sitting on")
        sb = dice.between(130, 160)
        sa, color = sb * dice.between(0.6, 0.72), self.color_for(dice, b, 0.3)
        # In front of the seat and over its middle: what stands on top of something touches only its upper edge.
        placements = [
            Placement(b.label, 0, 0, sb, color=color, thing=1),
            Placement(a.label, dice.between(-0.06, 0.06) * sb, -0.3 * sb, sa, shadow=False, thing=0),
        ]
        return self.two(dice, a, b, "sitting on", placements, "sitting", cb=color)

    def hugging(self, dice: Dice) -> Draft:
        a, b = self.pick_pair(dice, self.subjects, self.subjects, "hugging")
        sa = dice.between(110, 135)
        sb, lean, way = sa * dice.between(0.85, 1.1), math.radians(dice.between(6, 12)), 1 if dice.chance(0.85) else -1
        placements = [
            Placement(a.label, 0, 0, sa, way * lean, thing=0),
            Placement(b.label, way * 0.62 * (sa + sb) / 2, (sa - sb) / 2, sb, -way * lean, thing=1),
        ]
        if "red heart" in self.by_label:  # says that they like each other; the word "hugging" names it
            placements.append(Placement("red heart", way * 0.3 * sa, -0.58 * sa, 0.32 * sa, tilt(dice), shadow=False, thing=2))
        draft = self.two(dice, a, b, "hugging", placements, "hugging")
        verb = next(i for i, (text, thing) in enumerate(draft.phrase) if i and thing < 0)
        draft.phrase[verb : verb + 1] = [(" ", -1), (draft.phrase[verb][0].strip(), 2), (" ", -1)]
        return draft

    # --- doing something ----------------------------------------------------------------------------------------------------------------
    def action(self, dice: Dice) -> Draft:
        """A verb with the thing that shows it. Its words name the thing: [so] the first, <so> the second."""
        name = dice.one(self.action_names)
        action = self.actions[name]
        for _ in range(2000):
            a = (self.all if action.get("any") and dice.chance(0.5) else self.subjects).draw(dice)
            props = [self.by_label[prop["label"]] for prop in action["props"]]
            if a not in props and (any if self.held and props else all)(self.allowed(a, prop, name) for prop in props):
                break
        else:
            raise RuntimeError(f"nobody is left for {name}")
        size, side = dice.between(120, 155), dice.sign()
        low, high = action.get("tilt", (0, 0))
        angle = side * math.radians(dice.between(low, high)) if high else tilt(dice)
        floats = action.get("floats", False)
        behind, front = [], []
        for i, prop in enumerate(action["props"]):
            x, y = prop["at"]
            jitter = 0 if prop.get("behind") else 0.04
            placement = Placement(
                prop["label"], side * (x + dice.between(-jitter, jitter)) * size, (y + dice.between(-jitter, jitter)) * size, prop["size"] * size, color=None,
                shadow=prop.get("behind", False) and y > 0, thing=prop.get("thing", i + 1),
            )  # fmt: skip
            (behind if prop.get("behind") else front).append(placement)
        words: list[Part] = [(" ", -1)]
        for text in re.split(r"(\[[^]]*\]|<[^>]*>)", dice.one(action["words"])):
            if text:
                words.append((text[1:-1], 1) if text[0] == "[" else (text[1:-1], 2) if text[0] == "<" else (text, -1))
        placements = [*behind, Placement(a.label, 0, 0, size, angle, shadow=not floats, thing=0), *front]
        return Draft([*self.noun(dice, a, 0), *words], [], placements, "action", name, flags=a.flags, floats=floats)

    def dressed(self, dice: Dice) -> Draft:
        """Worn and held at once: "a cat wearing a top hat and holding a balloon"."""
        relation, things, at, ratio = dice.one(
            (
                ("eating", self.food, (0.36, 0.32), 0.5),
                ("holding", self.portable, (0.48, 0.2), 0.5),
                ("drinking", self.drinks, (0.38, 0.28), 0.42),
                ("playing", self.music, (0.36, 0.3), 0.54),
            )
        )
        for _ in range(2000):
            a, b = self.pick_pair(dice, self.subjects, self.glasses if self.glasses and dice.chance(0.3) else self.hats, "wearing")
            c = things.draw(dice)
            if c not in (a, b) and (self.held or (self.allowed(a, c, relation) and self.allowed(b, c, None))):
                break
        else:
            raise RuntimeError("nothing is left to wear and hold")
        sa, side, color = dice.between(135, 160), dice.sign(), self.color_for(dice, b, 0.35)
        held = Placement(c.label, side * at[0] * sa, at[1] * sa, ratio * sa, tilt(dice), shadow=False, thing=2)
        joint = dice.one((" ", " and ", ", "))
        phrase = [
            *self.noun(dice, a, 0),
            (" wearing ", -1),
            *self.noun(dice, b, 1, color),
            (joint + dice.one(grammar()["relations"][relation]) + " ", -1),
            *self.noun(dice, c, 2),
        ]
        return Draft(
            phrase,
            [],
            [Placement(a.label, 0, 0, sa, thing=0), self.worn(dice, b, sa, color, 1), held],
            "dressed",
            relation,
            flags=a.flags,
            worn=1,
            glasses="g" in b.flags,
        )

    def couple(self, dice: Dice) -> Draft:
        """Two who each have something: "a cat wearing a top hat next to a dog holding a balloon"."""
        for _ in range(2000):
            a, b = self.pick_pair(dice, self.subjects, self.subjects)
            hat, held = self.hats.draw(dice), self.portable.draw(dice)
            if len({a, b, hat, held}) == 4 and (
                self.held
                or (
                    self.allowed(a, hat, "wearing")
                    and self.allowed(b, held, "holding")
                    and all(self.allowed(x, y, None) for x, y in ((a, held), (b, hat), (hat, held)))
                )
            ):
                break
        else:
            raise RuntimeError("no two are left who have something")
        size, color = dice.between(100, 120), self.color_for(dice, hat, 0.3)
        way = 1 if dice.chance(0.85) else -1
        placements = [
            Placement(a.label, 0, 0, size, thing=0), self.worn(dice, hat, size, color, 1), Placement(b.label, way * 1.02 * size, 0, size, tilt(dice), thing=2),
            Placement(held.label, way * 1.42 * size, 0.18 * size, 0.5 * size, tilt(dice), shadow=False, thing=3),
        ]  # fmt: skip
        phrase = [
            *self.noun(dice, a, 0), (" wearing ", -1), *self.noun(dice, hat, 1, color), (dice.one((" and ", " next to ", " beside ", ", ")), -1),
            *self.noun(dice, b, 2), self.say(dice, "holding"), *self.noun(dice, held, 3),
        ]  # fmt: skip
        return Draft(phrase, [], placements, "couple", "holding", flags=a.flags, worn=1)

    # --- several ------------------------------------------------------------------------------------------------------------------------
    def count(self, dice: Dice) -> Draft:
        c = self.countable.draw(dice)
        n = dice.weighted((2, 3, 4, 5), (0.34, 0.28, 0.2, 0.18))
        color = self.color_for(dice, c, 0.25)
        placements = [Placement(c.label, x, y, s, tilt(dice), color=color) for x, y, s in arrange(dice, n)]
        return Draft(self.many(dice, c, 0, n, color), [], placements, "count", str(n), flags=c.flags)

    def counts(self, dice: Dice) -> Draft:
        """Two kinds: "two cats and three dogs"."""
        a, b = self.pick_pair(dice, self.countable, self.countable)
        n = dice.weighted((3, 4, 5, 6), (0.4, 0.3, 0.2, 0.1))
        na = 1 + int(dice.random() * (n - 1))
        places = sorted(arrange(dice, n)) if dice.chance(0.85) else sorted(arrange(dice, n), reverse=True)
        placements = [Placement(a.label if i < na else b.label, x, y, s, tilt(dice), thing=0 if i < na else 1) for i, (x, y, s) in enumerate(places)]
        said = lambda c, thing, k: self.noun(dice, c, thing) if k == 1 else self.many(dice, c, thing, k)
        phrase = [*said(a, 0, na), (dice.one((" and ", " and ", " next to ", " with ")), -1), *said(b, 1, n - na)]
        return Draft(phrase, [], placements, "counts", f"{na}+{n - na}", flags=a.flags)

    def triple(self, dice: Dice) -> Draft:
        for _ in range(2000):
            a, b = self.pick_pair(dice, self.all, self.all)
            c = self.all.draw(dice)
            if c not in (a, b) and not self.alike(a, c) and not self.alike(b, c) and (self.held or (self.allowed(a, c, None) and self.allowed(b, c, None))):
                break
        else:
            raise RuntimeError("no three things are left")
        places = sorted(arrange(dice, 3))
        placements = [Placement(t.label, x, y, s, tilt(dice), thing=i) for i, (t, (x, y, s)) in enumerate(zip((a, b, c), places))]
        last = dice.one((" and ", ", and ", ", ", " next to "))
        phrase = [*self.noun(dice, a, 0), (", ", -1), *self.noun(dice, b, 1), (last, -1), *self.noun(dice, c, 2)]
        return Draft(phrase, [[(self.called(dice, t), i)] for i, t in enumerate((a, b, c))], placements, "triple", flags=a.flags)

    def around(self, dice: Dice) -> Draft:
        a, b = self.pick_pair(dice, self.all, self.countable, "surrounded by")
        sa, n = dice.between(100, 125), 5
        turn, color = dice.between(0, math.tau), self.color_for(dice, b, 0.3)
        placements = [Placement(a.label, 0, 0, sa, tilt(dice), thing=0)]
        for k in range(n):
            at = turn + math.tau * k / n + dice.between(-0.12, 0.12)
            placements.append(
                Placement(
                    b.label, 0.86 * sa * math.cos(at), 0.86 * sa * math.sin(at), sa * dice.between(0.42, 0.5), tilt(dice), color=color, shadow=False, thing=1
                )
            )
        phrase = [*self.noun(dice, a, 0), self.say(dice, "surrounded by"), *([(color + " ", -1)] if color else []), (b.plural(self.word(dice, b)), 1)]
        return Draft(phrase, [], placements, "around", "surrounded by", flags=a.flags)

    # --- where it all goes ------------------------------------------------------------------------------------------------------------
    def settle(self, dice: Dice, draft: Draft, background: str, which: int) -> tuple[Placement, ...]:
        """Mirrors half of the things, lets them touch as the icons of set `which` are shaped, and puts the group somewhere into the picture, smaller if it does
        not fit."""
        placements = [replace(p, mirror=self.may_mirror(p.label) and dice.chance(0.5)) if p.mirror is None else p for p in draft.placements]
        if draft.worn is not None:
            placements[draft.worn] = put_on(dice, placements[0], placements[draft.worn], which, draft.glasses)
        if draft.rests is not None:
            upper, lower = draft.rests
            placements[upper] = rest_on(placements[upper], placements[lower], which)
        edges = [extent(p, which) for p in placements]
        left, top = min(e[0] for e in edges), min(e[1] for e in edges)
        right, bottom = max(e[2] for e in edges), max(e[3] for e in edges)
        cut = CUT * min(p.size for p in placements)
        scale = min(1.0, (SIZE + cut) / (right - left), (SIZE + cut) / (bottom - top))
        if len(placements) > 1 and draft.composition not in SIZED:
            scale *= dice.between(0.82, 1.0)
        cut, width, height = cut * scale, (right - left) * scale, (bottom - top) * scale
        x = dice.between(-cut, max(-cut, SIZE - width + cut))
        highest, lowest = -0.25 * cut, SIZE - height + cut  # of the group's upper edge; heads are hardly cut
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
            Placement(p.label, (p.x - left) * scale + x, (p.y - top) * scale + y, p.size * scale, p.angle, p.mirror, p.color, p.shadow and shadows, p.thing)
            for p in placements
        )


def extent(p: Placement, which: int) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what can be seen of it, px; a small turn is not counted, a large one is a quarter."""
    o = outline(p.label, which, p.mirror)
    left, top, right, bottom = o.left, o.top, o.right, o.bottom
    if p.angle > math.pi / 4:
        left, top, right, bottom = -bottom, left, -top, right
    elif p.angle < -math.pi / 4:
        left, top, right, bottom = top, -right, bottom, -left
    return p.x + left * p.size, p.y + top * p.size, p.x + right * p.size, p.y + bottom * p.size


def put_on(dice: Dice, wearer: Placement, worn: Placement, which: int, glasses: bool) -> Placement:
    """A hat whose lower part covers the top of the head, or glasses over the eyes, as wide as the head is."""
    head, shape = outline(wearer.label, which, wearer.mirror), outline(worn.label, which, worn.mirror)
    width = min(0.8, max(0.34, head.head_width)) * wearer.size
    size = width * dice.between(0.72, 0.86) / (shape.right - shape.left) if glasses else width * dice.between(0.8, 0.95) / (shape.right - shape.left)
    x = wearer.x + head.head_x * wearer.size - (shape.left + shape.right) / 2 * size
    if glasses:
        y = wearer.y + head.head_top * wearer.size + 0.46 * width - (shape.top + shape.bottom) / 2 * size
    else:
        y = wearer.y + head.head_top * wearer.size + 0.2 * width - shape.bottom * size
    return replace(worn, x=x, y=y, size=size)


def rest_on(upper: Placement, lower: Placement, which: int) -> Placement:
    _, _, _, bottom = extent(upper, which)
    left, top, right, _ = extent(lower, which)
    return replace(upper, x=upper.x - lower.x + (left + right) / 2, y=upper.y + top - bottom + 0.05 * lower.size)


def tilt(dice: Dice) -> float:
    """A third of the things stand a little turned."""
    return dice.between(-TILT, TILT) if dice.chance(0.33) else 0.0


def stand(dice: Dice, c: Concept, size: float, color: str | None = None) -> Placement:
    return Placement(c.label, 0, 0, size, tilt(dice), color=color)


# Where the members of a count stand, in steps: rows, arcs, triangles, heaps. None is wider than three, so that the smallest stays recognisable.
LAYOUTS = {
    2: (((0, 0), (1, 0)), ((0, 0), (1, 0.35)), ((0, 0.4), (1, 0)), ((0, 0), (0.2, 1)), ((0.25, 0), (0, 1))),
    3: (
        ((0, 0), (1, 0), (2, 0)),
        ((0.5, 0), (0, 0.9), (1, 0.9)),
        ((0, 0), (1, 0), (0.5, 0.9)),
        ((0, 0), (1, 0.5), (2, 1)),
        ((0, 0.6), (1, 0), (2, 0.6)),
        ((0, 0), (1, 0.5), (2, 0)),
    ),
    4: (
        ((0, 0), (1, 0), (0, 1), (1, 1)),
        ((1, 0), (0, 0.8), (2, 0.8), (1, 1.6)),
        ((1, 0), (0, 1), (1, 1), (2, 1)),
        ((0, 0), (1, 0), (2, 0), (1, 1)),
        ((0, 0.3), (1, 0), (0.2, 1.3), (1.2, 1)),
    ),
    5: (
        ((0, 0), (2, 0), (1, 0.75), (0, 1.5), (2, 1.5)),
        ((0.5, 0), (1.5, 0), (0, 1), (1, 1), (2, 1)),
        ((0, 0), (1, 0), (2, 0), (0.5, 1), (1.5, 1)),
        ((1, 0), (0, 0.7), (2, 0.7), (0.4, 1.7), (1.6, 1.7)),
    ),
    6: (
        ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)),
        ((0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)),
        ((1, 0), (0.5, 0.9), (1.5, 0.9), (0, 1.8), (1, 1.8), (2, 1.8)),
    ),
}
# Side of a member, px: the range and what it shrinks to when the picture is full.
MEMBER = {2: (80, 125), 3: (70, 110), 4: (64, 100), 5: (58, 86), 6: (56, 80)}
APART = 0.88  # members stand at least this many sides apart: touching, hardly overlapping


def arrange(dice: Dice, n: int) -> list[tuple[float, float, float]]:
    """n places (x, y, side), clearly countable: a layout, or in a third of the cases anywhere that is free."""
    side = dice.between(*MEMBER[n])
    if dice.chance(0.33):
        room = SIZE - side
        for _ in range(60):
            points = [(dice.random() * room, dice.random() * room) for _ in range(n)]
            if all(math.hypot(a[0] - b[0], a[1] - b[1]) > 1.02 * side for i, a in enumerate(points) for b in points[:i]):
                return [(x, y, side * dice.between(0.95, 1.05)) for x, y in points]
    layout = dice.one(LAYOUTS[n])
    step = side * dice.between(0.98, 1.18)
    loose = 0.04 * side
    return [(x * step + dice.between(-loose, loose), y * step + dice.between(-loose, loose), side * dice.between(0.95, 1.05)) for x, y in layout]
