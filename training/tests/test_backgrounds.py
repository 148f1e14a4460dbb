import numpy as np
import pytest

from dewpoint_training.data.backgrounds import BACKGROUNDS, COLORS, PAINTERS, PLACES, SIZE, paint, paint_background
from dewpoint_training.data.concepts import grammar


def test_every_place_of_the_grammar_has_a_painter():
    assert set(grammar()["places"]) <= set(PLACES)
    assert len(PLACES) >= 40 and set(BACKGROUNDS) == set(PAINTERS)


@pytest.mark.parametrize("kind", BACKGROUNDS)
def test_a_background_is_given_by_its_seed_and_another_seed_gives_another(kind):
    first, again, other = (np.asarray(paint(kind, np.random.default_rng(seed), 64)).astype(float) for seed in (1, 1, 2))
    assert (first == again).all()
    assert np.abs(first - other).mean() > 0.5


@pytest.mark.parametrize("kind", PLACES)
def test_a_place_is_the_same_at_every_size(kind):
    small, large = (paint(kind, np.random.default_rng(3), size).resize((48, 48)) for size in (96, 192))
    assert np.abs(np.asarray(small, float) - np.asarray(large, float)).mean() < 10


def test_a_plain_background_is_its_colour():
    for name, colour in COLORS.items():
        picture = np.asarray(paint_background(name, np.random.default_rng(0))).astype(float)
        assert picture.shape == (SIZE, SIZE, 3)
        assert np.abs(picture.mean((0, 1)) - colour).max() < 30 and picture.std((0, 1)).max() < 15


def test_a_calm_backdrop_has_no_edge():
    for seed in range(8):
        picture = np.asarray(paint_background("calm", np.random.default_rng(seed))).astype(float)
        assert max(np.abs(np.diff(picture, axis=0)).max(), np.abs(np.diff(picture, axis=1)).max()) <= 6
