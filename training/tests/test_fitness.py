"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("tqdm")
pytest.importorskip("tokenizers")

from dewpoint_training.judge.fitness import verdict


def test_a_category_is_judged_only_where_right_is_right_and_wrong_is_wrong():
    assert verdict(1.0, [True] * 200)["may judge"]
    assert not verdict(0.98, [True] * 200)["may judge"] and not verdict(1.0, [True] * 97 + [False] * 3)["may judge"]
