"""The picture vocabulary: what can be drawn, what it is called, and what may be done with it (data/concepts.txt)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"
COMMON_WEIGHT = 6.0  # a starred concept is drawn this many times as often as another: what people type first has to be recognisable first


@dataclass(frozen=True)
class Concept:
    label: str  # CLDR short name, the key of the icon sets
    category: str
    words: tuple[str, ...]  # the usual name first
    irregular_plural: str
    flags: str
    weight: float

    @property
    def name(self) -> str:
        return self.words[0]

    @property
    def mass(self) -> bool:
        return "m" in self.flags

    def plural(self, word: str) -> str:
        if word == self.name and self.irregular_plural:
            return self.irregular_plural
        return pluralise(word)


def pluralise(word: str) -> str:
    for joint in (" of ", " with "):
        if joint in word:
            head, tail = word.split(joint, 1)
            return pluralise(head) + joint + tail
    if word.endswith("man") and word not in ("shaman",):
        return word[:-3] + "men"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def with_article(word: str) -> str:
    vowel = word[0] in "aeiou" and not word.startswith(("uni", "ufo", "eu", "one"))
    return ("an " if vowel else "a ") + word


def noun_tokens(caption: str, concept: Concept, encoding) -> list[int]:
    """Indices of the tokens that name the concept in the caption, however it was called."""
    names = sorted({form for word in concept.words for form in (word, concept.plural(word))}, key=len, reverse=True)
    for name in names:
        found = re.search(rf"\b{re.escape(name)}\b", caption)  # whole words: "cartoon" names no car
        if found:
            start, end = found.span()
            return [i for i, (a, b) in enumerate(encoding.offsets) if b > a and a < end and b > start]
    return []


def parse_concepts(text: str) -> list[Concept]:
    concepts, category = [], ""
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            category = line.strip("[]")
            continue
        cells = [cell.strip() for cell in line.split("|")] + [""] * 3
        common = cells[0].startswith("*")
        words = tuple(word.strip() for word in cells[1].split(";"))
        concepts.append(Concept(cells[0].lstrip("*"), category, words, cells[2], cells[3], COMMON_WEIGHT if common else 1.0))
    return concepts


@lru_cache
def all_concepts() -> tuple[Concept, ...]:
    return tuple(parse_concepts((DATA / "concepts.txt").read_text()))


@lru_cache
def grammar() -> dict:
    return json.loads((DATA / "grammar.json").read_text())


@lru_cache
def roles() -> dict[str, list[str]]:
    """Lists of labels: what is a seat, a container, a ball; what is never mirrored, carried or made to act."""
    return json.loads((DATA / "roles.json").read_text())
