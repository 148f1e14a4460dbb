"""Crowds: pictures of any things anywhere, in any style, light and hue, planned some hundred at a time.

No caption would ask for them, which is the point: every thing comes up as often as every other, held-out pairs and colours too, so the judge knows what the
model has not seen. The renderer (data/compose.py) draws them like any plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

THINGS = 6  # placements of a plan
SIDE = 256  # px
EMPTY = 0.04  # pictures of a background and nothing else
ALIKE = 0.25  # pictures of one thing several times: counting is told from two things of a kind that stand close
ATTACHED = 0.2  # pictures whose second thing hangs on the first, as what is worn, held or ridden does
TRIES = 6  # places tried for a thing, the least crowded taken


@dataclass(frozen=True)
class Choices:
    """How many there are of what a plan names by index, and which things come in hues."""

    things: int
    styles: int
    born_styles: int  # the first styles are the icon sets' own: there the set follows from the style
    lights: int
    backgrounds: int
    hues: Tensor  # float [colours], degrees
    recoloured: Tensor  # bool [things]


def crowds(n: int, choices: Choices, generator: torch.Generator) -> dict[str, Tensor]:
    """A plan of n pictures (data/plans.py), without captions; `color` int64 [n, 6] is the index of the hue, -1 where the thing keeps its own."""
    device = generator.device
    uniform = lambda *shape: torch.rand(shape, generator=generator, device=device)
    whole = lambda top, *shape: torch.randint(0, top, shape, generator=generator, device=device)
    rows = torch.arange(n, device=device)

    # One thing is large more often than not; the more there are the smaller they get.
    wanted = 1 + whole(THINGS, n)
    wanted = torch.where(uniform(n) < 0.2, 1, wanted)
    wanted = torch.where(uniform(n) < EMPTY, 0, wanted)
    largest = torch.where(wanted <= 1, 232.0, 250.0 / wanted.clamp(min=1).sqrt())
    side = 52 * (largest[:, None] / 52) ** uniform(n, THINGS)
    alike = uniform(n) < ALIKE
    side = torch.where(alike[:, None], side[:, :1].clamp(max=120) * (0.92 + 0.16 * uniform(n, THINGS)), side)
    concept = whole(choices.things, n, THINGS)
    concept = torch.where(alike[:, None], concept[:, :1], concept)

    x, y = torch.zeros(n, THINGS, device=device), torch.zeros(n, THINGS, device=device)
    there = torch.arange(THINGS, device=device) < wanted[:, None]
    for k in range(THINGS):
        room = 0.36 * side[:, k, None]  # a thing may be cut a little by the border
        tries_x, tries_y = (room + (SIDE - 2 * room) * uniform(n, TRIES) for _ in range(2))
        if k == 0:
            x[:, 0], y[:, 0] = tries_x[:, 0], tries_y[:, 0]
            continue
        apart = torch.hypot(tries_x[:, :, None] - x[:, None, :k], tries_y[:, :, None] - y[:, None, :k])
        crowding = (0.4 * (side[:, k, None, None] + side[:, None, :k]) - apart).masked_fill(~there[:, None, :k], -1e9).amax(2)
        least, which = crowding.min(1)
        x[:, k], y[:, k] = tries_x[rows, which], tries_y[rows, which]
        there[:, k] &= (least < 0) | (uniform(n) < 0.1)
        if k == 1:
            attached = (uniform(n) < ATTACHED) & ~alike & (wanted > 1)
            share = 0.35 + 0.35 * uniform(n)
            angle, reach = 6.2832 * uniform(n), 0.2 + 0.3 * uniform(n)
            side[:, 1] = torch.where(attached, (side[:, 0] * share).clamp(min=48), side[:, 1])
            for at, turn in ((x, angle.cos()), (y, angle.sin())):
                at[:, 1] = torch.where(attached, (at[:, 0] + side[:, 0] * reach * turn).clamp(20, SIDE - 20), at[:, 1])
            there[:, 1] |= attached

    # Filters cost the renderer most: the sets' own styles, first of all the first, are three pictures in five.
    style = torch.where(
        uniform(n) < 0.6, whole(choices.born_styles, n) * (uniform(n) < 0.75), choices.born_styles + whole(choices.styles - choices.born_styles, n)
    )
    born = torch.where(style < choices.born_styles, style, whole(choices.born_styles, n))
    colored = choices.recoloured[concept] & (uniform(n, THINGS) < 0.6)
    color = torch.where(colored, torch.where(alike[:, None], whole(len(choices.hues), n, 1), whole(len(choices.hues), n, THINGS)), -1)
    hue = choices.hues[color.clamp(min=0)] + 4 * torch.randn(n, THINGS, generator=generator, device=device)
    turned = (uniform(n, THINGS) < 1 / 3) * (uniform(n, THINGS) - 0.5) * 0.35
    return {
        "style": style,
        "light": torch.where(uniform(n) < 0.55, 0, whole(choices.lights, n)),
        "background": whole(choices.backgrounds, n),
        "background_seed": whole(2**31 - 1, n),
        "sprite": torch.where(there, concept * choices.born_styles + born[:, None], -1),
        "box": torch.stack([x, y, side, turned], 2),
        "mirror": uniform(n, THINGS) < 0.5,
        "hue": torch.where(color >= 0, hue % 360, -1.0),
        "shadow": uniform(n, THINGS) < 0.5,
        "color": color,
    }
