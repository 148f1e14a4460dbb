"""Needs torch; skipped where only the data grammar's dependencies are installed."""
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")

from dewpoint_training.train.distill import States, trajectory  # noqa: E402
from dewpoint_training.model.schedule import ALPHAS_CUMPROD, alpha_sigma  # noqa: E402

LEVELS = [999, 939, 879, 819, 759, 699, 639, 569, 499, 439, 379, 319, 259, 199, 139, 79, 19]


def velocity(original):
    """A U-Net that knows `original(z, t)`, the clean latents of a noisy sample."""

    def unet(z, t, context):
        a, s = alpha_sigma(t)
        x = original(z, t)
        return a * (z - a * x) / s - s * x

    return unet


def test_a_trajectory_of_gaussian_data_ends_where_the_ode_does():
    """For data of deviation c the ODE keeps z over its own deviation, so the end is known."""
    c = 0.6

    def original(z, t):
        a, s = alpha_sigma(t)
        return a * c**2 * z / (a**2 * c**2 + s**2)

    torch.manual_seed(0)
    z = torch.randn(3, 2, 2, 2)
    states, end = trajectory(velocity(original), z, torch.zeros(3, 1, 1), torch.zeros(3, 1, 1), LEVELS, guidance=4.0)
    a = ALPHAS_CUMPROD[999]
    exact = c * z / (a * c**2 + 1 - a).sqrt()
    assert states.shape == (len(LEVELS), 3, 2, 2, 2)
    torch.testing.assert_close(end, exact, atol=0.02, rtol=0.02)  # 17 levels of a second-order solver under bf16 autocast


def test_states_keep_where_each_trajectory_goes_and_ends():
    store = States(64, (1, 1, 1), tokens=2)
    states, end = torch.arange(6.0).reshape(3, 2, 1, 1, 1), torch.tensor([10.0, 20.0]).reshape(2, 1, 1, 1)
    store.add(states, end, [999, 499, 19], torch.tensor([[1, 2], [3, 4]]))
    assert store.size == 6 and store.made.tolist() == [6, 2]
    assert store.z[:6].flatten().tolist() == [0, 1, 2, 3, 4, 5]
    assert store.next[:6].flatten().tolist() == [2, 3, 4, 5, 10, 20]
    assert store.end[:6].flatten().tolist() == [10, 20] * 3
    assert store.t[:6].tolist() == [999, 999, 499, 499, 19, 19] and store.t_next[:6].tolist() == [499, 499, 19, 19, -1, -1]
    assert store.ids[:6].tolist() == [[1, 2], [3, 4]] * 3


def test_states_are_drawn_by_the_weight_of_their_level():
    store = States(64, (1, 1, 1), tokens=1)
    store.add(torch.zeros(2, 4, 1, 1, 1), torch.zeros(4, 1, 1, 1), [999, 19], torch.zeros(4, 1))
    weights = torch.zeros(1000)
    weights[19] = 1.0
    drawn = store.draw(50, weights, torch.Generator().manual_seed(0))
    assert store.t[drawn].unique().tolist() == [19]
