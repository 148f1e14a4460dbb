"""The noise schedule (Stable Diffusion's scaled-linear betas), v-prediction, and a DDIM sampler to look at pictures with."""

from __future__ import annotations

import torch
from torch import Tensor

TRAIN_STEPS = 1000
BETAS = torch.linspace(0.00085**0.5, 0.012**0.5, TRAIN_STEPS) ** 2
ALPHAS_CUMPROD = torch.cumprod(1 - BETAS, 0)


def alpha_sigma(t: Tensor) -> tuple[Tensor, Tensor]:
    a = ALPHAS_CUMPROD.to(t.device)[t][:, None, None, None]
    return a.sqrt(), (1 - a).sqrt()


def timestep_density() -> Tensor:
    """Half uniform, half around t = 700, where the noise level decides what stands where."""
    t = torch.arange(TRAIN_STEPS).float()
    bump = torch.exp(-(((t - 700) / 200) ** 2))
    return 0.5 / TRAIN_STEPS + 0.5 * bump / bump.sum()


_CDF = torch.cumsum(timestep_density(), 0)


def stratified_timesteps(n: int, device: torch.device | str = "cpu", generator: torch.Generator | None = None) -> Tensor:
    """One timestep from each of n slices of equal probability: the loss of a batch varies less."""
    u = (torch.arange(n, device=device) + torch.rand(n, device=device, generator=generator)) / n
    return torch.searchsorted(_CDF.to(device), u * (1 - 1e-6)).clamp(max=TRAIN_STEPS - 1)


@torch.no_grad()
def sample_ddim(predict, noise: Tensor, context: Tensor, uncond: Tensor, steps: int = 25, guidance: float = 4.0) -> Tensor:
    """predict(sample, timestep, context) → v. Trailing spacing: 999, 959, ... 39 for 25 steps."""
    z, n = noise, len(noise)
    ts = (torch.arange(steps, 0, -1) * TRAIN_STEPS / steps).round().long() - 1
    for i, t in enumerate(ts):
        both = predict(torch.cat([z, z]), t.to(z.device).expand(2 * n), torch.cat([context, uncond]))
        cond, free = both.chunk(2)
        v = free + guidance * (cond - free)
        a, s = ALPHAS_CUMPROD[t].sqrt(), (1 - ALPHAS_CUMPROD[t]).sqrt()
        x0, eps = a * z - s * v, s * z + a * v
        previous = ts[i + 1] if i + 1 < steps else None
        a2 = ALPHAS_CUMPROD[previous] if previous is not None else torch.tensor(1.0)
        z = a2.sqrt() * x0 + (1 - a2).sqrt() * eps
    return z
