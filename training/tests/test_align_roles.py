"""Needs torch; skipped where only the data grammar's dependencies are installed."""
import pytest

torch = pytest.importorskip("torch")

from dewpoint_training.train.align_roles import PLACES, cover  # noqa: E402
from dewpoint_training.data.grid_scenes import Placement, Scene  # noqa: E402
from dewpoint_training.model.unet import Appearance  # noqa: E402


def test_a_role_tells_the_places_covered_and_in_sight_and_the_size():
    panda, taco = Placement("panda", 160, 32, 64), Placement("taco", 96, 128, 160)
    scene = Scene("a panda eating a taco", "beach", "3d", [panda, taco])  # the taco in front
    covered, seen = (cover(scene, "panda")[k * PLACES**2 :][: PLACES**2].reshape(PLACES, PLACES) for k in (0, 1))
    assert covered.sum() == 25 and covered[2:7, 1:6].all()
    assert seen.sum() == 25 - 4 and not seen[5:7, 4:6].any()
    sizes = cover(scene, "taco")[2 * PLACES**2 :]
    assert sizes.tolist() == [float(side == 3) for side in Appearance.SIDES]


def test_token_0_tells_of_everything_and_several_of_a_kind_are_told_together():
    scene = Scene("two cats", "beach", "3d", [Placement("cat", 128, 0, 64), Placement("cat", 128, 128, 64)])
    assert cover(scene, "cat")[: PLACES**2].sum() == 32
    assert (cover(scene, None) == cover(scene, "cat")).all()
