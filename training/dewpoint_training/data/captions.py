"""Captions: from a phrase that knows its nouns to what a person might have typed, with the place of every noun in it.

A phrase is a list of parts; a part is (text, thing), thing = -1 for words that name nothing. Shapes, quality words and words nobody knows are put around and
between the parts, so that at the end the characters of each noun are known without searching for them.
"""

from __future__ import annotations

from functools import lru_cache

from ..model.tokenizer import caption_words, lexicon
from .backgrounds import COLORS
from .concepts import DATA, grammar

Part = tuple[str, int]
NOTHING_KNOWN = 0.03  # captions of unknown words only
UNKNOWN = 0.2  # captions with unknown words among the known: one to four, in a quarter of them so many that half of what is said means nothing
QUALITY = 0.2  # captions with words that praise and change nothing
LONGEST = 98  # characters up to which noise is added: the text encoder reads 32 word pieces, and what it cannot read must not be drawn
ARTICLES = ("a ", "an ", "the ")
NUMBERS = tuple(word for forms in grammar()["numbers"].values() for word in forms if not word.startswith("a "))
SYLLABLES = (
    "ba be bi bo bra cro cu da de dri du fa fe flo ga gli go gru ha jo ka ke kli ko lu ma me mi mo na ne ni nu o "
    "pa pe pli po qua ra re ri ro sa ske so sta ta te tro u va ve vo wi xa ye yo za zi"
).split()
# First and last letter of scripts of which random letters spell no word we know.
SCRIPTS = ((0x0430, 0x044F), (0x03B1, 0x03C9), (0x05D0, 0x05EA), (0x0905, 0x0939), (0xAC00, 0xD7A3), (0x10D0, 0x10F0), (0x0E01, 0x0E2E))


@lru_cache
def noise_words() -> tuple[str, ...]:
    known = lexicon().keys() | caption_words()
    return tuple(word for word in (DATA / "noise-words.txt").read_text().split() if word not in known)


def unknown_word(dice) -> str:
    word = _any_word(dice)
    while word in lexicon():
        word = _any_word(dice)
    return word


def _any_word(dice) -> str:
    draw = dice.random()
    if draw < 0.7:
        return dice.one(noise_words())
    if draw < 0.9:
        return "".join(dice.one(SYLLABLES) for _ in range(2 + int(dice.random() * 2)))
    first, last = dice.one(SCRIPTS)
    return "".join(chr(first + int(dice.random() * (last - first + 1))) for _ in range(2 + int(dice.random() * 3)))


def unknown_phrase(dice) -> str:
    """An unknown word, sometimes in the company real sentences have: "of the bayou", "that is vested"."""
    word = unknown_word(dice)
    return dice.one(grammar()["unknown"]).format(w=word, v=unknown_word(dice)) if dice.chance(0.3) else word


@lru_cache
def place_words() -> dict[str, tuple[str, ...]]:
    """{place: other words that mean it, emoji and other languages}"""
    homes = {noun: place for place, nouns in grammar()["place_tags"].items() for noun in nouns}
    found: dict[str, list[str]] = {}
    for word, meaning in lexicon().items():
        if meaning in homes and word != meaning:
            found.setdefault(homes[meaning], []).append(word)
    return {place: tuple(words) for place, words in found.items()}


def template(text: str, parts: list[Part]) -> list[Part]:
    """Puts the parts into "an oil painting of {x}". An adjective before {x} takes over its article: "a 3d {x}" is "a 3d cat" and "3d two cats"."""
    before, after = text.split("{x}")
    parts = list(parts)
    if before and parts and not before.endswith(("of ", "showing ", ": ", "me ", "draw ", "paint ", "want ", "imagine ", "see ", ", ")):
        first, thing = parts[0]
        if thing < 0:
            bare = next((first[len(a) :] for a in ARTICLES if first.startswith(a)), first)
            if bare.startswith(NUMBERS) or bare is first:
                before = before.removeprefix("a ").removeprefix("an ")
            parts[0] = (bare, thing)
        else:
            before = before.removeprefix("a ").removeprefix("an ")
    return [p for p in [(before, -1), *parts, (after, -1)] if p[0]]


def place_phrase(dice, background: str) -> str:
    g = grammar()
    if background in COLORS:
        return dice.one(g["plain"]).format(c=dice.one(g["plain_names"].get(background, [background]))).replace("a orange", "an orange")
    return dice.one(g["places"][background])


def finish(
    dice, phrase: list[Part] | None, tags: list[list[Part]], background: str | None, light: str | None, style: str | None
) -> tuple[str, tuple[tuple[int, int, int], ...]]:
    """The caption and where it names what. Without a phrase it is unknown words and nothing else."""
    g = grammar()
    if phrase is None:
        words = [unknown_word(dice) for _ in range(1 + int(dice.random() * 6))]
        parts = [(" ".join(words), -1)]
        if dice.chance(0.3):
            parts = quality(dice, parts)
        return join(dice, parts)
    where = place_phrase(dice, background) if background else None
    weather = dice.one(g["lights"][light]) if light else None
    if tags and dice.chance(0.11):
        parts = listed(dice, tags, background, weather and g["lights"][light][-1], style and g["style_tags"][style][0])
    else:
        parts = list(phrase)
        leading = [w for w, p in ((where, 0.1), (weather, 0.15)) if w and dice.chance(p)]
        for w in (where, weather):
            if w and w not in leading:
                parts = [*parts, (dice.weighted((" ", ", ", ". It is ", ", which is "), (0.72, 0.22, 0.03, 0.03)) + w, -1)]
        if style:
            parts = template(dice.one(g["styles"][style]), parts)
        if dice.chance(0.15):
            parts = template(dice.one(g["requests"]), parts)
        parts = [*((w + ", ", -1) for w in leading), *parts]
    if dice.chance(QUALITY):
        parts = quality(dice, parts)
    if dice.chance(UNKNOWN):
        for _ in range(4 + int(dice.random() * 6) if dice.chance(0.25) else 1 + int(dice.random() * 4)):
            if sum(len(text) for text, _ in parts) < LONGEST:
                parts = interrupted(dice, parts, unknown_phrase(dice))
    if dice.chance(0.1):
        parts = [(without_articles(text), thing) if thing < 0 else (text, thing) for text, thing in parts]
    return join(dice, parts)


def listed(dice, tags: list[list[Part]], background: str | None, light: str | None, style: str | None) -> list[Part]:
    """Words without a sentence, in any order: what tags are, and what is left of a sentence in another language."""
    pieces = [list(tag) for tag in tags]
    if background:
        others = place_words().get(background, ())
        word = (
            place_phrase(dice, background)
            if background in COLORS
            else dice.one(others)
            if others and dice.chance(0.3)
            else dice.one(grammar()["place_tags"][background])
        )
        pieces.append([(word, -1)])
    pieces += [[(word, -1)] for word in (light, style) if word]
    if dice.chance(0.5):
        dice.shuffle(pieces)
    joint = dice.one((", ", ", ", " ", "; "))
    return [part for i, piece in enumerate(pieces) for part in ([(joint, -1)] if i else []) + piece]


def quality(dice, parts: list[Part]) -> list[Part]:
    for word in dice.sample(grammar()["quality"], 1 + int(dice.random() * 3)):
        if sum(len(text) for text, _ in parts) > LONGEST:
            break
        parts = template(word if "{x}" in word else "{x}, " + word, parts)
    return parts


def interrupted(dice, parts: list[Part], word: str) -> list[Part]:
    """An unknown word before, after or between the others, never inside a noun, a number or a relation."""
    gaps = [(i, at) for i, (text, thing) in enumerate(parts) if thing < 0 for at in ((0,) if " " in word else (0, len(text) - 1)) if text[at] == " "]
    draw = dice.random()
    if draw < 0.2 or not gaps:
        return [(word + " ", -1), *parts]
    if draw < 0.4:
        return [*parts, (dice.one((" ", ", ")) + word, -1)]
    i, at = dice.one(gaps)
    text = parts[i][0]
    return [*parts[:i], (f"{text[:at]} {word}{text[at:]}", -1), *parts[i + 1 :]]


def without_articles(text: str) -> str:
    words = text.split(" ")
    return " ".join(w for w in words if w not in ("a", "an", "the"))


def join(dice, parts: list[Part]) -> tuple[str, tuple[tuple[int, int, int], ...]]:
    caption, named = "", []
    for text, thing in parts:
        if not caption or caption.endswith(" "):
            text = text.lstrip(" ")
        start = len(caption)
        caption += text
        if thing >= 0:
            named.append((start, len(caption), thing))
    case = dice.random()
    if case < 0.12:
        caption = caption[:1].upper() + caption[1:]
    elif case < 0.14 and len(caption.upper()) == len(caption):
        caption = caption.upper()
    if case < 0.04 and not caption.endswith(("?", ".", "!")):
        caption += "."
    return caption.rstrip(), tuple(named)
