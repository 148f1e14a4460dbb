import numpy as np
import pytest

from dewpoint_training.judge.distances import distances, frechet, thumbnails


def test_distances_are_zero_to_oneself_and_frechet_to_ones_own_kind():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (6, 64, 64, 3)).astype(np.uint8)
    own = distances(thumbnails(pictures), thumbnails(pictures))
    assert own.diagonal().max() < 1e-3 and own[0, 1] > 0.02
    a = rng.normal(size=(500, 8))
    assert frechet(a, a) == pytest.approx(0, abs=1e-6) and frechet(a, a + 1) == pytest.approx(8, rel=1e-3)
