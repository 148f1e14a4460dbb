"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("tqdm")
pytest.importorskip("tokenizers")

from dewpoint_training.judge.seen import Detection, Seen
from dewpoint_training.judge.variety import spread


def test_spread_is_of_the_thing_asked_for():
    at = lambda x, size, label="fox": Seen((Detection(label, 0.9, 0.9, x, 100, size, "red"),), "beach", "3d")
    assert spread([at(100, 80), at(100, 80)], "fox") == {"found": 2, "place": 0.0, "size": 0.0}
    varied = spread([at(60, 60), at(160, 120), at(10, 500, "cat face")], "fox")
    assert varied["found"] == 2 and varied["place"] == 50 and varied["size"] > 0.3
    assert spread([], "fox") == {"found": 0}
