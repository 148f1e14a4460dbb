"""What pictures go through before the judge (detector.py) learns from them: wear, a round trip through an autoencoder, or being made soup of."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .detector import CELLS, PICTURE, STRIDE


def worn(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Other sharpness, brightness and grain: what is judged comes out of a decoder, not out of a renderer."""
    n, device = len(pictures), pictures.device
    each = lambda low, high, share: (
        (low + (high - low) * torch.rand(n, generator=generator, device=device)) * (torch.rand(n, generator=generator, device=device) < share)
    ).view(n, 1, 1, 1)
    soft = F.avg_pool2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    pictures = torch.lerp(pictures, soft, each(-0.6, 1.0, 0.6).to(pictures.dtype))  # below zero: sharper
    small = F.interpolate(F.avg_pool2d(pictures, 4), scale_factor=4, mode="bilinear", align_corners=False)
    pictures = torch.lerp(pictures, small, each(0.2, 0.8, 0.2))
    # Errors of a decoder are patches, not grain: noise at an eighth of the size beside noise of single pixels.
    patches = F.interpolate(
        torch.randn(n, 3, PICTURE // 8, PICTURE // 8, generator=generator, device=device), scale_factor=8, mode="bilinear", align_corners=False
    )
    grain = torch.randn(pictures.shape, generator=generator, device=device)
    return (pictures * (1 + each(-0.1, 0.1, 1.0)) + each(-0.04, 0.04, 1.0) + patches * each(0, 0.05, 0.4) + grain * each(0, 0.03, 0.3)).clamp(0, 1)


def soup(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures nothing is to be found in: half have their 16 px squares dealt out anew and blurred together, half lie over three others."""
    n, device = len(pictures), pictures.device
    squares = pictures.unflatten(2, (CELLS, STRIDE)).unflatten(4, (CELLS, STRIDE)).permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
    order = torch.rand(n, CELLS * CELLS, generator=generator, device=device).argsort(1)
    dealt = squares[torch.arange(n, device=device)[:, None], order].unflatten(1, (CELLS, CELLS)).permute(0, 3, 1, 4, 2, 5).reshape(pictures.shape)
    dealt = F.avg_pool2d(F.pad(dealt, (3, 3, 3, 3), mode="replicate"), 7, 1)
    layered = sum(pictures.roll(k, 0).flip(3 if k % 2 else 2) for k in (1, 2, 3)) / 3
    return torch.where((torch.arange(n, device=device) % 2 == 0).view(n, 1, 1, 1), dealt, layered)


def round_trip(pictures: Tensor, autoencoder, generator: torch.Generator) -> Tensor:
    """Through the autoencoder, its latents a little off: what the judge will be shown has come that way."""
    latents = autoencoder.encode(pictures)
    off = torch.rand(len(pictures), 1, 1, 1, generator=generator, device=pictures.device) * 0.25
    return autoencoder.decode(latents + off * torch.randn(latents.shape, generator=generator, device=pictures.device)).clamp(0, 1)
