"""Names of things in other languages → data/lexicon/cldr.tsv, from Unicode's CLDR annotations: what each language calls every emoji, and its search words.

A search word says little by itself ("animal", "face", "loyal" of a dog). Which English word it stands for is told by the company it keeps: over all emoji, a
word and its translation mark nearly the same ones. The short name itself is taken as it is. Only single words: the tokenizer's words have no spaces.

    npm install cldr-annotations-full cldr-annotations-derived-full      # in any folder; Unicode License v3
    python -m dewpoint_training collect-words that-folder
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from difflib import SequenceMatcher
from pathlib import Path

from ..model.tokenizer import SPACELESS, kept_pieces, lexicon_lines, normalise
from .concepts import DATA, all_concepts, grammar

LANGUAGES = "es fr de it pt nl pl ru uk tr ar hi zh zh-Hant ja ko sv da fi cs id".split()
COLORS = "red orange yellow green blue purple pink white black gray brown".split()
NO_PLACE = set(
    "above among behind beside crossing front from near over surface under with "
    "large small dark deep inside outer tropical spooky stone train phone night".split()
)
DOES = set("eating drinking holding riding wearing playing reading cooking".split())
LEAST = 0.5  # of the emoji that either word marks, those that both mark
ALIKE = 0.6  # how much of a word has to be the short name's for it to be another form of it

Marked = dict[str, set[str]]  # word → the emoji it marks


def plain(word: str) -> str:
    return normalise(re.sub("[’'ʼ]", "", word).strip())


def read_annotations(folder: Path, language: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """({emoji: short name}, {emoji: search words})"""
    names, words = {}, {}
    for package, kind, key in (
        ("cldr-annotations-full", "annotations", "annotations"),
        ("cldr-annotations-derived-full", "annotationsDerived", "annotationsDerived"),
    ):
        path = folder / "node_modules" / package / kind / language / "annotations.json"
        if not path.exists():
            continue
        for emoji, said in json.loads(path.read_text(encoding="utf-8"))[key]["annotations"].items():
            emoji = normalise(emoji)
            if "tts" in said and "\U0001f3fb" not in emoji:
                names.setdefault(emoji, plain(said["tts"][0]))
                words.setdefault(emoji, [plain(word) for word in said.get("default", [])])
    return names, words


def marked_by(names: dict[str, str], words: dict[str, list[str]]) -> Marked:
    marks: Marked = defaultdict(set)
    for emoji, name in names.items():
        for word in {*words[emoji], *re.split(r"[\s:,،、]+", name), name}:
            if word:
                marks[word].add(emoji)
    return marks


def english_meanings() -> dict[str, str]:
    """{English word: what it is read as}: a thing's first name, a colour, or a word that names a place."""
    places = {word for phrases in grammar()["places"].values() for phrase in phrases for word in phrase.split() if len(word) > 3}
    return {**{w: w for w in (places - NO_PLACE) | set(COLORS)}, **{plain(word): c.name for c in all_concepts() for word in c.words}}


def shared(left: set[str], right: set[str]) -> float:
    return len(left & right) / len(left | right)


def translate(names: dict[str, str], words: dict[str, list[str]], english: Marked, things: dict[str, str], meanings: dict[str, str]) -> dict[str, str]:
    """{word: meaning} of one language. `things`: emoji → first name of the thing."""
    found: dict[str, str] = {}
    for emoji, thing in things.items():  # earlier things are commoner ones: they keep a name that two share
        name = names.get(emoji, "")
        if name and " " not in name:
            found.setdefault(name, thing)
    english_of: dict[str, set[str]] = defaultdict(set)
    for word, marks in english.items():
        for emoji in marks:
            english_of[emoji].add(word)
    for word, marks in marked_by(names, words).items():
        if word in found or " " in word or len(marks) > 40:
            continue
        alike = {e: shared(marks, english[e]) for emoji in marks for e in english_of[emoji]}
        best = max(alike.values(), default=0)
        if best < LEAST:
            continue
        candidates = {meanings.get(e) for e, score in alike.items() if score == best}
        if len(candidates) == 1 and None not in candidates:
            found[word] = candidates.pop()
            continue
        # Several English words mark exactly these emoji: only another form of the short name is surely the thing.
        for emoji in marks & things.keys():
            forms = [names[emoji], *names[emoji].split()]
            if things[emoji] in candidates and any(min(len(word), len(form)) >= 3 and SequenceMatcher(None, word, form).ratio() >= ALIKE for form in forms):
                found[word] = things[emoji]
    return found


def tells_more(word: str, by_hand: dict[str, str]) -> bool:
    """Whether a Chinese or Japanese name is a verb and a thing ("rides a bicycle"), which the tokenizer had better see as two words."""
    return any(by_hand.get(word[:at]) in DOES and word[at:] in by_hand for at in range(1, len(word)))


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the two packages were installed")
    args = parser.parse_args(argv)
    emoji_names = {word: meaning for language, word, meaning in lexicon_lines() if language == "emoji"}
    english, meanings = marked_by(*read_annotations(args.folder, "en")), english_meanings()
    english_pieces = {piece for piece, _ in kept_pieces()}  # "pain", "chat", "had": what English has as a word is English, but for what by-hand.tsv says
    by_hand = {word: meaning for language, word, meaning in lexicon_lines() if language in ("zh", "ja")}
    spaceless = re.compile(f"[{SPACELESS}]+")
    lines = [
        "# What other languages call things: made by `collect-words` from CLDR (Unicode License v3, © Unicode, Inc.). "
        "Corrections go to by-hand.tsv, which decides."
    ]
    for language in LANGUAGES:
        words = translate(*read_annotations(args.folder, language), english, emoji_names, meanings)
        kept = {
            w: m
            for w, m in words.items()
            if re.fullmatch(r"[^\W\d_]+", re.sub(r"[\u0900-\u0dff]", "a", w)) and w not in english_pieces and not re.fullmatch("[a-z]{1,2}", w)
        }
        kept = {w: m for w, m in kept.items() if language in ("zh", "zh-Hant", "ja") or not spaceless.fullmatch(w)}
        kept = {w: m for w, m in kept.items() if not tells_more(w, by_hand)}
        lines += [f"{language}\t{word}\t{meaning}" for word, meaning in sorted(kept.items())]
        print(f"{language}: {len(kept)} words for {len(set(kept.values()) & set(emoji_names.values()))} of {len(all_concepts())} things")
    (DATA / "lexicon" / "cldr.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
