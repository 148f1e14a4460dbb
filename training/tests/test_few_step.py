"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import pytest

torch = pytest.importorskip("torch")

from dewpoint_training.model import few_step
from dewpoint_training.model.few_step import denoised, lcm_timesteps, sample_lcm
from dewpoint_training.model.schedule import alpha_sigma

# The same numbers stand in test/diffusion/schedulers/lcm-of-training.test.ts: both sides sample alike.
SAMPLE, AFTER_FOUR_STEPS = (0.5, -1.0, 2.0), (0.0926738, -0.3125651, 0.3629574)


def test_lcm_asks_at_the_levels_the_student_is_trained_at():
    assert lcm_timesteps(1) == [999]
    assert lcm_timesteps(2) == [999, 499]
    assert lcm_timesteps(4) == [999, 759, 499, 259]
    assert lcm_timesteps(8) == [999, 879, 759, 639, 499, 379, 259, 139]


def test_four_steps_come_to_what_the_core_comes_to(monkeypatch):
    class Fresh:
        drawn = 0

    def randn(shape, generator):
        generator.drawn += 1
        return torch.tensor([0.1, -0.2, 0.3]).reshape(shape) * generator.drawn

    monkeypatch.setattr(few_step.torch, "randn", randn)
    predict = lambda z, t, context: 0.3 * z + 0.1 * t[:, None, None, None] / 1000
    z = sample_lcm(predict, torch.tensor(SAMPLE).reshape(1, 3, 1, 1), None, 4, [Fresh()])
    torch.testing.assert_close(z.flatten(), torch.tensor(AFTER_FOUR_STEPS), atol=1e-6, rtol=1e-5)


def test_a_model_that_knows_the_picture_says_it_at_once():
    torch.manual_seed(0)
    picture, noise, t = torch.randn(2, 4, 3, 3), torch.randn(2, 4, 3, 3), torch.tensor([999, 139])
    a, s = alpha_sigma(t)
    torch.testing.assert_close(
        denoised(a * picture + s * noise, a * noise - s * picture, t), picture, atol=1e-3, rtol=1e-3
    )  # the boundary condition keeps a millionth


def test_lcm_refuses_more_steps_than_it_has_levels():
    with pytest.raises(ValueError, match="50"):
        lcm_timesteps(51)
