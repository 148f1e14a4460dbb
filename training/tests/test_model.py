"""Needs torch; skipped where only the data grammar's dependencies are installed."""
import pytest

torch = pytest.importorskip("torch")

from dewpoint_training.muon import orthogonalise  # noqa: E402
from dewpoint_training.schedule import ALPHAS_CUMPROD, alpha_sigma, sample_ddim, stratified_timesteps  # noqa: E402
from dewpoint_training.unet import UNet  # noqa: E402


def test_the_unet_answers_in_the_shape_of_its_sample():
    unet = UNet(channels=(32, 64), depth=1)
    out = unet(torch.randn(2, 16, 16, 16), torch.tensor([999, 3]), torch.randn(2, 5, 256))
    assert out.shape == (2, 16, 16, 16)


def test_orthogonalised_matrices_have_singular_values_near_one():
    torch.manual_seed(0)
    for shape in ((3, 64, 200), (2, 200, 64)):
        singular = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
        assert 0.5 < singular.min() and singular.max() < 1.4  # the quintic trades exactness for speed


def test_a_perfect_model_samples_the_picture_it_knows():
    """With v computed from the true picture, DDIM must arrive at that picture from any noise."""
    torch.manual_seed(0)
    picture, noise = torch.randn(1, 16, 4, 4), torch.randn(1, 16, 4, 4)

    def predict(z, t, context):
        a, s = alpha_sigma(t)
        return a * ((z - a * picture) / s) - s * picture

    torch.testing.assert_close(sample_ddim(predict, noise, torch.zeros(1, 1, 1), torch.zeros(1, 1, 1), steps=10), picture, atol=1e-4, rtol=1e-4)


def test_timesteps_cover_the_whole_schedule():
    t = torch.cat([stratified_timesteps(64, torch.Generator().manual_seed(k)) for k in range(20)])
    assert t.min() < 30 and t.max() > 970
    assert len(ALPHAS_CUMPROD) == 1000
