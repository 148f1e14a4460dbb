"""What a composed scene shows where: the truth the U-Net's `Placing` is told, from the renderer's coverage and boxes."""

from __future__ import annotations

import torch
from torch import Tensor

from ..model.unet import Looks

PICTURE = 256  # px; boxes are in px of a picture this large
COVERED = 0.3  # of a place, so that it counts as showing the thing


def layers_of(coverage: Tensor) -> Tensor:
    """Coverage [batch, things, g, g], painted in order → int8 [batch, 2, g, g]: the thing in front and the one behind it, -1 for none."""
    number = torch.arange(1, coverage.shape[1] + 1, device=coverage.device)[None, :, None, None]
    present = torch.where(coverage > COVERED, number, 0)
    front = present.amax(1)
    behind = torch.where(present < front[:, None], present, 0).amax(1)
    return (torch.stack([front, behind], 1) - 1).to(torch.int8)


def of_thing(values: Tensor, thing: Tensor) -> Tensor:
    """values [batch, things] or [batch, things, n], thing int64 [batch, places] (-1 reads the first) → [batch, places(, n)]"""
    at = thing.clamp(min=0)
    if values.ndim == 2:
        return values.gather(1, at)
    return values.gather(1, at[..., None].expand(-1, -1, values.shape[2]))


def spots_of(thing: Tensor, box: Tensor, mirror: Tensor) -> Tensor:
    """Where on its thing's square each place lies.

    thing int64 [batch, 2, g, g], box [batch, things, 4] (centre x, centre y, side, angle clockwise), mirror bool [batch, things]
    → weights over the cells [batch, g * g, 2, 64], bilinear between the nearest four.
    """
    _, layers, g, _ = thing.shape
    flat = thing.flatten(1)
    boxes, mirrored = of_thing(box, flat), of_thing(mirror.to(box.dtype), flat)
    centre = (torch.arange(g, device=box.device, dtype=box.dtype) + 0.5) * (PICTURE / g)
    x = centre.repeat(g).repeat(layers) - boxes[..., 0]
    y = centre.repeat_interleave(g).repeat(layers) - boxes[..., 1]
    cos, sin, side = boxes[..., 3].cos(), boxes[..., 3].sin(), boxes[..., 2].clamp(min=1)
    u, v = (cos * x + sin * y) / side, (cos * y - sin * x) / side
    u = torch.where(mirrored > 0.5, -u, u)
    at = torch.arange(Looks.SIDE, device=box.device, dtype=box.dtype)
    hat = lambda w: (1 - ((w + 0.5) * Looks.SIDE - 0.5).clamp(0, Looks.SIDE - 1)[..., None].sub(at).abs()).clamp(min=0)
    weights = (hat(v)[..., :, None] * hat(u)[..., None, :]).flatten(-2)
    return weights.unflatten(1, (layers, g * g)).transpose(1, 2)


def tokens_of(thing: Tensor, carrier: Tensor, tokens: int) -> Tensor:
    """thing int64 [batch, 2, g, g], carrier int64 [batch, things] (the token that names it, -1 unnamed) → int64 [batch, g * g, 2]: a token, `tokens` for
    nothing, -1 for what nobody named."""
    flat = thing.flatten(1)
    named = of_thing(carrier, flat)
    return torch.where(flat < 0, tokens, named).unflatten(1, (2, -1)).transpose(1, 2)


def last_token(bits: Tensor) -> Tensor:
    """int64 bit masks [batch, things] → the highest token of each, -1 for none: of "polar bear" the word that says what it is."""
    at = torch.arange(32, device=bits.device)
    return torch.where((bits[..., None] >> at) & 1 > 0, at, -1).amax(-1)
