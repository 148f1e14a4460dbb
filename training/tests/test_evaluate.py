"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tqdm")
pytest.importorskip("tokenizers")
pytest.importorskip("dewpoint_training.data.compose")

from dewpoint_training.judge.evaluate import (
    SCORED,
    distances,
    frechet,
    header,
    parts_of,
    reconstruction,
    reconstruction_scenes,
    row_of,
    spread,
    thumbnails,
    verdict,
)
from dewpoint_training.judge.judge import Prompt
from dewpoint_training.judge.seen import Detection, Seen


class Blurred:
    """An autoencoder that loses every second pixel."""

    def encode(self, x):
        return torch.nn.functional.avg_pool2d(x, 2)

    def decode(self, z):
        return torch.nn.functional.interpolate(z, scale_factor=2)


class Exact:
    encode = decode = staticmethod(lambda x: x)


def test_reconstruction_of_the_kept_pictures_tells_soft_from_sharp():
    pictures = reconstruction_scenes()
    assert pictures.shape == (24, 256, 256, 3)
    assert len({p.tobytes() for p in pictures}) == 24
    exact, soft = reconstruction(Exact(), pictures[:4]), reconstruction(Blurred(), pictures[:4])
    assert exact["edge energy"] == 1 and exact["PSNR, dB"] > 90
    assert soft["edge energy"] < 0.9 and 20 < soft["PSNR, dB"] < 35


def test_spread_is_of_the_thing_asked_for():
    at = lambda x, size, label="fox": Seen((Detection(label, 0.9, 0.9, x, 100, size, "red"),), "beach", "3d")
    assert spread([at(100, 80), at(100, 80)], "fox") == {"found": 2, "place": 0.0, "size": 0.0}
    varied = spread([at(60, 60), at(160, 120), at(10, 500, "cat face")], "fox")
    assert varied["found"] == 2 and varied["place"] == 50 and varied["size"] > 0.3
    assert spread([], "fox") == {"found": 0}


def test_distances_are_zero_to_oneself_and_frechet_to_ones_own_kind():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (6, 64, 64, 3)).astype(np.uint8)
    own = distances(thumbnails(pictures), thumbnails(pictures))
    assert own.diagonal().max() < 1e-3 and own[0, 1] > 0.02
    a = rng.normal(size=(500, 8))
    assert frechet(a, a) == pytest.approx(0, abs=1e-6) and frechet(a, a + 1) == pytest.approx(8, rel=1e-3)


def test_a_category_is_judged_only_where_right_is_right_and_wrong_is_wrong():
    assert verdict(1.0, [True] * 200)["may judge"]
    assert not verdict(0.98, [True] * 200)["may judge"] and not verdict(1.0, [True] * 97 + [False] * 3)["may judge"]


def test_results_are_told_by_part():
    prompts = [Prompt("language", "a", part="es"), Prompt("language", "b", part="es"), Prompt("language", "c", part="zh"), Prompt("single object", "d")]
    assert parts_of(prompts, [True, False, True, True]) == {"language": {"es": 0.5, "zh": 1.0}}


def test_a_row_has_a_cell_for_every_column():
    report = dict(name="m", precision="fp32", steps=4, prompts=3, overall=0.5, scores={c: 0.5 for c in SCORED}, fid=3.0) | {
        "nearest training scene": {"pictures": 0.1}
    }
    assert row_of(report).count("|") == header().splitlines()[0].count("|")
