"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tqdm")
pytest.importorskip("tokenizers")

from dewpoint_training.judge.reconstruction import reconstruction, reconstruction_scenes


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
