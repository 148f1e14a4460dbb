"""Needs torch; skipped where only the data grammar's dependencies are installed."""
import pytest

torch = pytest.importorskip("torch")

from dewpoint_training.train.muon import orthogonalise  # noqa: E402
from dewpoint_training.model.schedule import ALPHAS_CUMPROD, alpha_sigma, sample_ddim, stratified_timesteps  # noqa: E402
from dewpoint_training.data.concepts import all_concepts, noun_tokens  # noqa: E402
from dewpoint_training.data.pool import placement_targets  # noqa: E402
from dewpoint_training.data.grid_scenes import Placement, Scene  # noqa: E402
from dewpoint_training.model.text import build_tokenizer  # noqa: E402
from dewpoint_training.model.unet import Appearance, Placing, UNet, placement_loss  # noqa: E402


def test_the_unet_answers_in_the_shape_of_its_sample():
    unet = UNet(channels=(32, 64), depth=1)
    out = unet(torch.randn(2, 16, 16, 16), torch.tensor([999, 3]), torch.randn(2, 5, 384))
    assert out.shape == (2, 16, 16, 16)


def test_what_a_place_attends_to_is_painted_there():
    """With the attention told to show cell 7 of token 3 at place (2, 5), exactly those latents come out there."""
    torch.manual_seed(0)
    placing, cells = Placing(64, 256), torch.randn(1, 32, Appearance.CELLS, Appearance.CELL)
    weights = torch.zeros(1, Placing.LAYERS, 64, 32 * Appearance.CELLS + 1)
    weights[..., Placing.NOTHING] = 1
    weights[0, 0, 2 * 8 + 5] = 0
    weights[0, 0, 2 * 8 + 5, 3 * Appearance.CELLS + 7] = 1
    values = torch.nn.functional.pad(cells.flatten(1, 2), (0, 0, 0, 1))[:, None]
    layers = placing.unpack((weights @ values).transpose(1, 2), 8, 8)
    assert layers.shape == (1, Placing.LAYERS * Appearance.CHANNELS, 16, 16)
    torch.testing.assert_close(layers[0, : Appearance.CHANNELS, 4:6, 10:12], cells[0, 3, 7].reshape(Appearance.CHANNELS, 2, 2))
    layers[0, : Appearance.CHANNELS, 4:6, 10:12] = 0
    assert not layers.any()


def test_placement_targets_name_the_cells_in_front_and_behind():
    panda, taco = (next(c for c in all_concepts() if c.name == name) for name in ("panda", "taco"))
    scene = Scene("a panda eating a taco", "beach", "3d", [Placement(panda.label, 160, 32, 64), Placement(taco.label, 96, 128, 160)])
    encoding = build_tokenizer().encode(scene.caption)
    front, behind = placement_targets(scene, encoding).reshape(2, 8, 8)
    token = {c.name: noun_tokens(scene.caption, c, encoding)[-1] for c in (panda, taco)}
    assert front[2, 1] == token["panda"] * Appearance.CELLS  # the first of 5x5 cells
    assert front[5, 4] == token["taco"] * Appearance.CELLS + Appearance.FIRST[Appearance.SIDES.index(3)]
    assert behind[5, 4] == token["panda"] * Appearance.CELLS + 3 * 5 + 3
    assert behind[2, 1] == front[0, 0] == Placing.NOTHING


def test_the_placement_loss_falls_when_the_attention_is_right():
    unet, target = UNet(channels=(32, 64), depth=1), torch.full((2, 2, 64), Placing.NOTHING)
    target[:, :, 10], target[:, :, 11] = 100, -1
    right = torch.full((2, 2, 64, 32 * Appearance.CELLS + 1), 1e-5)
    right.scatter_(3, target.clamp(min=0)[..., None], 0.98)
    for layer in (unet.place_in, unet.place_out):
        layer.weights = right
    good = placement_loss(unet, target)
    for layer in (unet.place_in, unet.place_out):
        layer.weights = torch.full_like(right, 1 / right.shape[3])
    assert good < 0.1 < placement_loss(unet, target)


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
