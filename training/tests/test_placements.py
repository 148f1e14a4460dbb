"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import pytest

torch = pytest.importorskip("torch")

from dewpoint_training.model.unet import Looks
from dewpoint_training.train.optimisers import rate
from dewpoint_training.train.placements import last_token, layers_of, spots_of, tokens_of


def two_things():
    """Thing 0 covers 64..160 px each way, thing 1, painted later, 128..224 px."""
    coverage = torch.zeros(1, 6, 16, 16)
    coverage[0, 0, 4:10, 4:10] = coverage[0, 1, 8:14, 8:14] = 1
    box = torch.zeros(1, 6, 4)
    box[0, 0], box[0, 1] = torch.tensor([112.0, 112, 96, 0]), torch.tensor([176.0, 176, 96, 0])
    return layers_of(coverage).long(), box


def test_the_later_thing_is_in_front_and_the_earlier_behind_it():
    thing, _ = two_things()
    front, behind = thing[0]
    assert front[5, 5] == 0 and behind[5, 5] == -1
    assert front[9, 9] == 1 and behind[9, 9] == 0
    assert front[0, 0] == behind[0, 0] == -1


def test_a_place_knows_its_spot_upright_mirrored_and_turned():
    thing, box = two_things()
    spot = lambda mirror, angle: spots_of(thing, torch.cat([box[..., :3], torch.full((1, 6, 1), angle)], -1), torch.full((1, 6), mirror))[
        0, 4 * 16 + 9, 0
    ].reshape(Looks.SIDE, Looks.SIDE)
    at = lambda weights: divmod(int(weights.argmax()), Looks.SIDE)
    assert at(spot(False, 0.0)) == (0, 7)  # the upper right corner
    assert at(spot(True, 0.0)) == (0, 0)
    assert at(spot(False, torch.pi / 2)) == (0, 0)  # turned clockwise, the upper left corner is where the upper right was
    assert spot(False, 0.3).sum().item() == pytest.approx(1, abs=1e-5)


def test_places_are_told_their_token_nothing_or_nothing_at_all():
    thing, _ = two_things()
    target = tokens_of(thing, torch.tensor([[5, -1, -1, -1, -1, -1]]), 32).reshape(16, 16, 2)
    assert target[5, 5].tolist() == [5, 32] and target[0, 0].tolist() == [32, 32]
    assert target[9, 9].tolist() == [-1, 5]  # in front is what nobody named


def test_the_last_word_of_a_name_says_what_it_is():
    assert last_token(torch.tensor([[0b1100, 0, 1 << 31]])).tolist() == [[3, -1, 31]]


def test_rates_rise_hold_and_fall_to_zero():
    assert rate(0.0) == 0 and rate(0.01, warm_up=0.02) == 0.5 and rate(0.3) == 1 and rate(1.0) == 0
    assert rate(0.75, falls_from=0.5) == 0.5
