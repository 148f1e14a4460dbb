"""vocabulary.json: what a model can draw and how it may be called, for programs that show people what a prompt comes to.

    things     by kind (the sections of concepts.txt): [name, emoji, other names ...]
    recolourable     names of the things that a colour word turns
    places, lights, styles, colours, relations, actions, numbers, sizes     what each may be called in English
    quality    words that change nothing
    also       English words of no caption: what they are read as
    ids        what a token id means in any language: {meaning: [[first, last], ...]}; ids in none of them are plain English pieces
    nothing    ids that are known to mean nothing, in the same form

A meaning is a thing's name, or an English word of the captions.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from ..data.concepts import all_concepts, grammar
from ..model.tokenizer import NOTHING, lexicon, lexicon_lines, read_aliases, row_word, vocabulary, words_of

FILE = "vocabulary.json"


def plain_names(phrases: list[str]) -> list[str]:
    """The captions' phrases without the blanks that things stand in: "oil painting of {x}" → "oil painting"."""
    names = (re.sub(r"\s+", " ", re.sub(r"[,.?]|\{\w\}|\bof (?=\{)|\b(an?|in|as) (?=\{)", " ", phrase)).strip() for phrase in phrases)
    return list(dict.fromkeys(name for name in names if name))


def ranges(ids: list[int]) -> list[list[int]]:
    out: list[list[int]] = []
    for i in ids:
        if out and out[-1][1] == i - 1:
            out[-1][1] = i
        else:
            out.append([i, i])
    return out


def vocabulary_document() -> dict:
    rules, concepts = grammar(), all_concepts()
    thing_of = {name: c.name for c in concepts for name in (*c.words, row_word(c))}
    ids: dict[str, list[int]] = {}
    for i, meaning in enumerate(vocabulary().values()):
        if meaning is not None:
            ids.setdefault(thing_of.get(meaning, meaning), []).append(i)
    english = {word for language, word, _ in lexicon_lines() if language == "en"} | set(read_aliases())
    also: dict[str, list[str]] = {}
    for word, meaning in lexicon().items():
        if word in english and meaning != NOTHING:
            also.setdefault(thing_of.get(meaning, meaning), []).append(word)
    misspelt = {
        line.split("\t")[1] for line in (Path(__file__).parents[2] / "data" / "lexicon" / "misspelt.tsv").read_text().splitlines() if not line.startswith("#")
    }
    names = lambda key: {name: plain_names(phrases) for name, phrases in rules.get(key, {}).items()}
    return {
        "version": 1,
        "things": {
            kind: [[c.name, words_of(c.label)[0], *c.words[1:]] for c in concepts if c.category == kind] for kind in dict.fromkeys(c.category for c in concepts)
        },
        "recolourable": [c.name for c in concepts if "c" in c.flags],
        "places": names("places"),
        "lights": names("lights"),
        "styles": names("styles"),
        "relations": names("relations"),
        "numbers": names("numbers"),
        "sizes": names("sizes"),
        "actions": {name: [re.sub(r"[\[\]]", "", phrase) for phrase in action["words"]] for name, action in rules["actions"].items()},
        "colours": "red orange yellow green blue purple pink white black gray grey brown".split(),
        "quality": plain_names(rules.get("quality", [])),
        "also": {meaning: sorted(set(words) - misspelt) for meaning, words in sorted(also.items()) if set(words) - misspelt},
        "ids": {meaning: ranges(found) for meaning, found in sorted(ids.items()) if meaning != NOTHING},
        "nothing": ranges(ids.get(NOTHING, [])),
    }


def write_vocabulary(folder: Path) -> Path:
    path = folder / FILE
    path.write_text(json.dumps(vocabulary_document(), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    return path


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the exported model's")
    args = parser.parse_args(argv)
    path = write_vocabulary(args.folder)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
