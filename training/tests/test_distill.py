"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")

from dewpoint_training.model.schedule import ALPHAS_CUMPROD, alpha_sigma
from dewpoint_training.train.distill import States, trajectory

LEVELS = [999, 939, 879, 819, 759, 699, 639, 569, 499, 439, 379, 319, 259, 199, 139, 79, 19]


def velocity(original):
    """Predicts v for somebody who knows `original(z, t)`, the clean latents of a noisy sample."""

    def predict(z, t):
        t = torch.full((len(z),), t)
        a, s = alpha_sigma(t)
        x = original(z, t)
        return a * (z - a * x) / s - s * x

    return predict


def test_a_trajectory_of_gaussian_data_ends_where_the_ode_does():
    """For data of deviation c the ODE keeps z over its own deviation, so the end is known."""
    c = 0.6

    def original(z, t):
        a, s = alpha_sigma(t)
        return a * c**2 * z / (a**2 * c**2 + s**2)

    torch.manual_seed(0)
    z = torch.randn(3, 2, 2, 2)
    states, end = trajectory(velocity(original), z, LEVELS)
    a = ALPHAS_CUMPROD[999]
    exact = c * z / (a * c**2 + 1 - a).sqrt()
    assert states.shape == (len(LEVELS), 3, 2, 2, 2)
    torch.testing.assert_close(end, exact, atol=0.01, rtol=0.01)  # 17 levels of a second-order solver


def store_of(capacity: int, tokens: int) -> States:
    return States(capacity, tokens, torch.device("cpu"))


def test_states_keep_where_each_trajectory_ends():
    store = store_of(64, 2)
    states = torch.arange(6.0).reshape(3, 2, 1, 1, 1).expand(3, 2, 16, 16, 16)
    end = torch.tensor([10.0, 20.0]).reshape(2, 1, 1, 1).expand(2, 16, 16, 16)
    store.add(states, end, [999, 499, 19], torch.tensor([[1, 2], [3, 4]]))
    assert store.size == 6 == store.made
    assert store.z[:6, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert store.end[:6, 3, 1, 2].tolist() == [10, 20] * 3
    assert store.t[:6].tolist() == [999, 999, 499, 499, 19, 19]
    assert store.ids[:6].tolist() == [[1, 2], [3, 4]] * 3


def test_states_are_drawn_by_the_weight_of_their_level():
    store = store_of(64, 1)
    store.add(torch.zeros(2, 4, 16, 16, 16), torch.zeros(4, 16, 16, 16), [999, 19], torch.zeros(4, 1, dtype=torch.int64))
    weights = torch.zeros(1000)
    weights[19] = 1.0
    assert store.t[store.draw(50, weights)].unique().tolist() == [19]
