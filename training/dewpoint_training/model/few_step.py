"""Sampling a distilled model in a few steps: LCM's multistep consistency sampling, to the number what diffusion/schedulers/lcm.ts and diffusers do."""

from __future__ import annotations

import torch
from torch import Tensor

from .schedule import ALPHAS_CUMPROD, TRAIN_STEPS

GRID = 50  # timesteps a consistency model is asked at: 999, 979, ... 19 (diffusers' `original_inference_steps`)
SIGMA_DATA, TIMESTEP_SCALING = 0.5, 10.0  # of the boundary condition; diffusers' defaults


def lcm_timesteps(steps: int) -> list[int]:
    """1: 999; 2: 999, 499; 4: 999, 759, 499, 259; 8: 999, 879, 759, 639, 499, 379, 259, 139."""
    if not 1 <= steps <= GRID:
        raise ValueError(f"LCM takes 1 to {GRID} steps here, got {steps}")
    stride = TRAIN_STEPS // GRID
    return [(GRID - i * GRID // steps) * stride - 1 for i in range(steps)]


def boundary(t: Tensor) -> tuple[Tensor, Tensor]:
    """(share of the sample, share of the predicted original) in the answer, [batch, 1, 1, 1]; at timestep 0 the sample itself is the answer."""
    scaled = t.float()[:, None, None, None] * TIMESTEP_SCALING
    return SIGMA_DATA**2 / (scaled**2 + SIGMA_DATA**2), scaled / (scaled**2 + SIGMA_DATA**2).sqrt()


def denoised(sample: Tensor, v: Tensor, t: Tensor) -> Tensor:
    a = ALPHAS_CUMPROD.to(t.device)[t][:, None, None, None]
    keep, replace = boundary(t)
    return replace * (a.sqrt() * sample - (1 - a).sqrt() * v) + keep * sample


@torch.no_grad()
def sample_lcm(predict, noise: Tensor, context: Tensor, steps: int, fresh: list[torch.Generator]) -> Tensor:
    """predict(sample, timestep, context) → v. `fresh`: a generator per picture for the noise added after every step but the last."""
    z, timesteps = noise, lcm_timesteps(steps)
    for i, t in enumerate(timesteps):
        at = torch.full((len(z),), t, device=z.device)
        z = denoised(z, predict(z, at, context), at)
        if i + 1 < steps:
            a = ALPHAS_CUMPROD[timesteps[i + 1]]
            z = a.sqrt() * z + (1 - a).sqrt() * torch.stack([torch.randn(noise.shape[1:], generator=g) for g in fresh]).to(z.device)
    return z
