"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import pytest

torch = pytest.importorskip("torch")

from dewpoint_training.model.schedule import ALPHAS_CUMPROD, alpha_sigma, sample_ddim, stratified_timesteps
from dewpoint_training.model.unet import Looks, Placing, UNet
from dewpoint_training.train.muon import orthogonalise


def test_the_unet_answers_in_the_shape_of_its_sample():
    unet = UNet(channels=(32, 64), depth=1)
    out = unet(torch.randn(2, 16, 16, 16), torch.tensor([999, 3]), torch.randn(2, 5, 384))
    assert out.shape == (2, 16, 16, 16)


def test_a_place_gets_the_features_of_the_spot_it_chose():
    torch.manual_seed(0)
    looks = torch.randn(1, 5, Looks.CELLS, Looks.FEATURES)
    token, spot = torch.zeros(1, 4, Placing.LAYERS, 6), torch.zeros(1, 4, Placing.LAYERS, Looks.CELLS)
    token[..., 5] = 1  # nothing
    token[0, 2, 0], spot[0, 2, 0, 7] = torch.eye(6)[3], 0.25
    spot[0, 2, 0, 8] = 0.75
    shown = Placing.look_up(token, spot, looks).unflatten(-1, (Placing.LAYERS, Placing.CHANNELS))
    torch.testing.assert_close(shown[0, 2, 0, :-1], 0.25 * looks[0, 3, 7] + 0.75 * looks[0, 3, 8])
    assert shown[0, 2, 0, -1] == 1
    shown[0, 2, 0] = 0
    assert not shown.any()


def test_finer_places_go_row_by_row():
    placing = Placing(channels=8, context=4, scale=2)
    x = torch.arange(2 * 2 * 4 * Placing.LAYERS).float().reshape(1, 4, 4 * Placing.LAYERS)  # a 2x2 input, each with 2x2 places of one channel
    places = placing.places(x, 2, 2, 1)[0, :, 0, 0].reshape(4, 4)
    assert places[0].tolist() == [0, 2, 8, 10] and places[1].tolist() == [4, 6, 12, 14] and places[2].tolist() == [16, 18, 24, 26]


def test_padding_is_never_chosen():
    torch.manual_seed(0)
    placing, context = Placing(64, 384, 1), torch.randn(1, 6, 384)
    context[:, 4:] = 0
    _, token, _ = placing(torch.randn(1, 64, 8, 8), context, torch.randn(1, 6, Looks.CELLS, Looks.FEATURES))
    assert token.softmax(-1)[..., 4:6].max() == 0 and token.shape == (1, 64, 2, 7)


def test_orthogonalised_matrices_have_singular_values_near_one():
    torch.manual_seed(0)
    for shape in ((3, 64, 200), (2, 200, 64)):
        singular = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
        assert singular.min() > 0.5 and singular.max() < 1.4  # the quintic trades exactness for speed


def test_a_perfect_model_samples_the_picture_it_knows():
    """With v computed from the true picture, DDIM must arrive at that picture from any noise."""
    torch.manual_seed(0)
    picture, noise = torch.randn(1, 16, 4, 4), torch.randn(1, 16, 4, 4)

    def predict(z, t, context):
        a, s = alpha_sigma(t)
        return a * ((z - a * picture) / s) - s * picture

    torch.testing.assert_close(sample_ddim(predict, noise, torch.zeros(1, 1, 1), torch.zeros(1, 1, 1), steps=10), picture, atol=1e-4, rtol=1e-4)


def test_timesteps_cover_the_whole_schedule():
    t = torch.cat([stratified_timesteps(64, "cpu", torch.Generator().manual_seed(k)) for k in range(20)])
    assert t.min() < 30 and t.max() > 970
    assert len(ALPHAS_CUMPROD) == 1000
