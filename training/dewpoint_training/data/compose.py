"""Pictures from plans (plans.py), in batches, on the CPU or a GPU: backgrounds, sprites, shadows, light, style.

Nothing loops over a batch. What depends on which rows want what (mip levels, layers, styles) is decided on the host from the plan, which is
small; so nothing waits for the device, and given a plan in host memory a whole batch is queued without one synchronisation.
A batch is worked off in pieces of `chunk` rows: that bounds the memory (about 8 MB a row at its peak) whatever the batch.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .backgrounds import background_pool
from .sprites import NEAR_HUE, decode_atlas
from .styles import Filters, constant, send, uniform

SIZE = 256  # px of a picture
CELL = 16  # px of a place of `coverage`, and of the autoencoder's latents
# Sprites are kept in these sizes; a thing is sampled from the one nearest above its own, so a step of the grid is 1 to 1.41 texels and
# bicubic sampling neither blurs nor aliases.
LEVELS = (192, 136, 96, 68, 48)
SHADOW_COLOUR = (0.08, 0.08, 0.12)
SHADOW_OPACITY = 0.36
CHANNELS = 6  # of the canvas: red, green, blue, depth (front thing's layer / K), tint (thing with a colour word), cover (any thing)

Plan = Mapping[str, "torch.Tensor | np.ndarray"]


class Composer:
    """`compose(plan)` → pictures float [B, 3, 256, 256] in 0..1 and coverage float [B, K, 16, 16].

    `folder` holds sprites.pack; decoded sprites and painted backgrounds are kept there too, so that the second start is quick.
    `labels`: what plans index instead of the vocabulary. `seeds`: how many pictures of each background are painted; their crops, mirror images and tints make
    more of them.
    """

    def __init__(
        self,
        folder: Path,
        device: torch.device | str = "cpu",
        seeds: int | None = None,
        workers: int | None = None,
        chunk: int | None = None,
        labels: Sequence[str] | None = None,
    ):
        self.device = torch.device(device)
        on_host = self.device.type == "cpu"
        workers = os.cpu_count() or 1 if workers is None else workers
        self.chunk = (16 if on_host else 256) if chunk is None else chunk
        # Processes are started before anything touches the GPU: a fork of a process that did may not use it.
        pixels = decode_atlas(folder, workers, labels)
        pool = background_pool(folder, (8 if on_host else 64) if seeds is None else seeds, workers)
        self.atlas = Atlas(pixels, self.device)
        self.backgrounds = shared(pool).to(self.device)  # uint8 [backgrounds, seeds, 288, 288, 3]
        self.filters = Filters(self.device)

    @torch.no_grad()
    def compose(self, plan: Plan) -> tuple[torch.Tensor, torch.Tensor]:
        """A plan that lies on the device costs one wait for it; give it as it comes from plans.py."""
        host = {key: torch.as_tensor(plan[key]).cpu() for key in FIELDS}
        count, things = host["sprite"].shape
        pictures = torch.empty(count, 3, SIZE, SIZE, device=self.device)
        coverage = torch.zeros(count, things, SIZE // CELL, SIZE // CELL, device=self.device)
        for start in range(0, count, self.chunk):
            rows = slice(start, start + self.chunk)
            # Mixed precision of a training step around this would round coordinates to whole pixels.
            with torch.autocast(self.device.type, enabled=False):
                self._compose({key: value[rows] for key, value in host.items()}, pictures[rows], coverage[rows])
        return pictures, coverage

    def _compose(self, plan: dict[str, torch.Tensor], pictures: torch.Tensor, coverage: torch.Tensor) -> None:
        count, things = plan["sprite"].shape
        seed = plan["background_seed"].long()
        canvas = torch.zeros(count, CHANNELS, SIZE, SIZE, device=self.device)
        canvas[:, :3] = self._background(plan["background"].long(), seed)

        # Things one after another, sorted by layer, so that a layer is a slice of them.
        layer, row = (plan["sprite"].T >= 0).nonzero(as_tuple=True)
        slot = row * things + layer
        sprite, box = plan["sprite"].reshape(-1)[slot].long(), plan["box"].float().reshape(-1, 4)[slot]
        hue, mirror, shadow = plan["hue"].float().reshape(-1)[slot], plan["mirror"].reshape(-1)[slot], plan["shadow"].reshape(-1)[slot]
        bounds = torch.searchsorted(layer, torch.arange(things + 1)).tolist()
        where = self._send(row)
        for first, last in pairwise(bounds):
            pick = first + shadow[first:last].bool().nonzero()[:, 0]
            if len(pick):
                at = self._send(row[pick])
                dark = self._shadows(box[pick], self.atlas.feet[sprite[pick]])
                colour = constant(SHADOW_COLOUR, self.device)[:, None, None]
                under = canvas[:, :3].index_select(0, at)
                canvas[:, :3].index_copy_(0, at, under + (colour - under) * dark)
        if len(sprite):
            painted = self._things(sprite, box, mirror, hue)
            alpha = painted[:, 3:4]
            flat = torch.zeros(count * things, *coverage.shape[2:], device=self.device)
            flat.index_copy_(0, self._send(slot), F.avg_pool2d(alpha, CELL)[:, 0])
            coverage.copy_(flat.view_as(coverage))
            depth = self._send((layer + 1) / things)[:, None, None, None]
            tinted = self._send((hue >= 0).float())[:, None, None, None]
            for first, last in pairwise(bounds):
                if first == last:
                    continue
                a, at = alpha[first:last], where[first:last]
                over = torch.cat([painted[first:last, :3], a * depth[first:last], a * tinted[first:last], a], 1)
                canvas.index_copy_(0, at, canvas.index_select(0, at) * (1 - a) + over)
            del painted, alpha
        for kind, values, change in (("light", plan["light"], self.filters.light), ("style", plan["style"], self.filters.style)):
            for index in values.unique().tolist():
                if self.filters.changes(kind, index):
                    pick = (values == index).nonzero()[:, 0]
                    at = self._send(pick)
                    canvas[:, :3].index_copy_(0, at, change(index, canvas.index_select(0, at), seed[pick]))
        pictures.copy_(canvas[:, :3].clamp_(0, 1))

    def _background(self, kind: torch.Tensor, seed: torch.Tensor) -> torch.Tensor:
        _, seeds, size, _, _ = self.backgrounds.shape
        room = size - SIZE
        # The lower edge is cut less than the upper: what stands on the ground finds it there.
        x, y = (uniform(seed, 2) * (room + 1)).long(), room // 4 + (uniform(seed, 3) * (room - room // 4 + 1)).long()
        mirrored = self._send(uniform(seed, 1) < 0.5)[:, None]
        columns = self._send(x)[:, None] + self.filters.line
        columns = torch.where(mirrored, size - 1 - columns, columns)
        rows = self._send(y)[:, None] + self.filters.line
        kind, which = self._send(kind), self._send((uniform(seed, 0) * seeds).long())
        crop = self.backgrounds[kind[:, None, None], which[:, None, None], rows[:, :, None], columns[:, None, :]]
        # Warmer or colder, lighter or darker, by at most 4 %: the same place on another day.
        tint = 1 + 0.04 * (2 * torch.stack([uniform(seed, salt) for salt in (4, 5, 6)], 1) - 1)
        return crop.permute(0, 3, 1, 2).float().mul_(self._send(tint / 255)[:, :, None, None])

    def _shadows(self, box: torch.Tensor, feet: torch.Tensor) -> torch.Tensor:
        """Opacity [n, 1, 256, 256] of soft ellipses below the things' lowest points; feet [n, 3]: x, y, half width in halves of the side."""
        half, angle = box[:, 2] / 2, box[:, 3]
        x = box[:, 0] + half * (feet[:, 0] * angle.cos() - feet[:, 1] * angle.sin())
        y = box[:, 1] + half * (feet[:, 0] * angle.sin() + feet[:, 1] * angle.cos()) - 0.02 * half
        wide = half * feet[:, 2]
        shape = self._send(torch.stack([x, y, wide, 0.16 * wide + 0.05 * half], 1))[:, :, None, None]
        centres = self.filters.line + 0.5
        distance = ((centres[None, None, :] - shape[:, 0]) / shape[:, 2]) ** 2 + ((centres[None, :, None] - shape[:, 1]) / shape[:, 3]) ** 2
        return (SHADOW_OPACITY * (1 - 0.4 * distance).clamp_(min=0).square_())[:, None]

    def _things(self, sprite: torch.Tensor, box: torch.Tensor, mirror: torch.Tensor, hue: torch.Tensor) -> torch.Tensor:
        """Each thing alone on a transparent picture: premultiplied float [n, 4, 256, 256]."""
        out = torch.empty(len(sprite), 4, SIZE, SIZE, device=self.device)
        level = sum((box[:, 2] <= size).long() for size in LEVELS[1:])
        for index in level.unique().tolist():
            pick = (level == index).nonzero()[:, 0]
            source = self.atlas.gather(sprite[pick], index, hue[pick])
            # Written out: as a matrix product it would be rounded to 10 bits wherever training allows TF32.
            matrix, axis = self._send(sampling(box[pick], mirror[pick]))[:, :, :, None, None], (self.filters.line * 2 + 1) / SIZE - 1
            grid = torch.stack([matrix[:, i, 0] * axis + (matrix[:, i, 1] * axis[:, None] + matrix[:, i, 2]) for i in (0, 1)], -1)
            layers = F.grid_sample(source, grid, mode="bicubic", padding_mode="zeros", align_corners=False)
            out.index_copy_(0, self._send(pick), layers)
        alpha = out[:, 3:4].clamp_(0, 1)
        out[:, :3].clamp_(min=0)
        torch.minimum(out[:, :3], alpha, out=out[:, :3])  # bicubic overshoots at edges; a premultiplied colour is never above its alpha
        return out

    def _send(self, x: torch.Tensor) -> torch.Tensor:
        return send(x, self.device)


FIELDS = ("style", "light", "background", "background_seed", "sprite", "box", "mirror", "hue", "shadow")


def shared(array: np.ndarray) -> torch.Tensor:
    """A tensor of read-only mapped memory, which several processes share: nothing here writes to it, so torch's warning is not repeated."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(array)


def sampling(box: torch.Tensor, mirror: torch.Tensor) -> torch.Tensor:
    """Matrices [n, 2, 3] from picture to sprite, both in -1..1. box [n, 4]: centre x, centre y, side in px, angle clockwise in radians."""
    x, y, side, angle = box.unbind(1)
    zoom = SIZE / side
    c, s = angle.cos() * zoom, angle.sin() * zoom
    dx, dy = 1 - x / (SIZE / 2), 1 - y / (SIZE / 2)
    flip = torch.where(mirror.bool(), -1.0, 1.0)
    across = torch.stack([c, s, c * dx + s * dy], 1) * flip[:, None]
    down = torch.stack([-s, c, c * dy - s * dx], 1)
    return torch.stack([across, down], 1)


class Atlas:
    """All sprites on the device, straight alpha, uint8; smaller levels ready on a GPU, made when asked for on the CPU."""

    def __init__(self, pixels: np.ndarray, device: torch.device):
        self.device = device
        self.pixels = pixels
        self.feet = torch.from_numpy(np.concatenate([stand(self.pixels[i : i + 256]) for i in range(0, len(pixels), 256)]))
        self.levels: list[torch.Tensor] | None = None
        self.peaks = torch.empty(len(pixels))
        self.known = torch.zeros(len(pixels), dtype=torch.bool)
        if device.type != "cpu":
            self.levels = [torch.empty(len(pixels), 4, size, size, dtype=torch.uint8, device=device) for size in LEVELS]
            for start in range(0, len(pixels), 256):
                part = slice(start, start + 256)
                whole = torch.from_numpy(np.ascontiguousarray(self.pixels[part])).to(device).permute(0, 3, 1, 2)
                self.levels[0][part] = whole
                self.peaks[part] = dominant_hues(whole).cpu()
                for level, size in zip(self.levels[1:], LEVELS[1:]):
                    level[part] = shrink(whole, size)
            self.known[:] = True

    def gather(self, index: torch.Tensor, level: int, hue: torch.Tensor) -> torch.Tensor:
        """Premultiplied float [n, 4, size, size], the dominant hue turned to `hue` (degrees) where that is not negative."""
        coloured = (hue >= 0).nonzero()[:, 0]
        if self.levels is not None:
            pixels = self.levels[level].index_select(0, send(index, self.device))
        else:
            whole = torch.from_numpy(self.pixels[index.numpy()]).permute(0, 3, 1, 2)
            new = coloured[~self.known[index[coloured]]]
            if len(new):
                self.peaks[index[new]] = dominant_hues(whole[new])
                self.known[index[new]] = True
            pixels = whole if level == 0 else shrink(whole, LEVELS[level])
        pixels = pixels.float().div_(255)
        if len(coloured):
            at = send(coloured, self.device)
            turned = recolour(pixels.index_select(0, at)[:, :3], send(self.peaks[index[coloured]], self.device), send(hue[coloured], self.device))
            pixels[:, :3].index_copy_(0, at, turned)
        pixels[:, :3].mul_(pixels[:, 3:4])
        return pixels.contiguous()


def stand(pixels: np.ndarray) -> np.ndarray:
    """Where sprites [n, s, s, 4] touch the ground: float32 [n, 3] of middle, bottom and half width, in halves of the side."""
    solid = pixels[..., 3] > 96
    size = solid.shape[1]
    lines = solid.any(2)
    bottom = size - lines[:, ::-1].argmax(1)  # one past the last line with a pixel
    near = (np.arange(size) >= bottom[:, None] - size * 0.16) & (np.arange(size) < bottom[:, None])
    low, all_columns = (solid & near[:, :, None]).any(1), solid.any(1)
    left, right = low.argmax(1), size - low[:, ::-1].argmax(1)
    widest = size - all_columns[:, ::-1].argmax(1) - all_columns.argmax(1)
    width = 0.5 * (right - left) + 0.4 * widest  # between the feet and the whole: a ball throws a shadow too
    return np.stack([(left + right) / size - 1, bottom / (size / 2) - 1, width / size], 1).astype(np.float32)


def shrink(pixels: torch.Tensor, size: int) -> torch.Tensor:
    """uint8 [n, 4, s, s] straight alpha → [n, 4, size, size], averaged premultiplied so that no hidden colour bleeds in."""
    pixels = pixels.float().div_(255)
    alpha = pixels[:, 3:4]
    small = F.interpolate(torch.cat([pixels[:, :3] * alpha, alpha], 1), size=(size, size), mode="bicubic", antialias=True, align_corners=False)
    alpha = small[:, 3:4].clamp(0, 1)
    colour = (small[:, :3] / alpha.clamp(min=1 / 512)).clamp(0, 1)
    return torch.cat([colour, alpha], 1).mul_(255).round_().to(torch.uint8)


def hue_and_value(rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Hue in Pillow's 0..255, chroma and value in 0..1, of rgb [n, 3, h, w]; each [n, h, w]."""
    red, green, blue = rgb.unbind(1)
    value = rgb.amax(1)
    chroma = value - rgb.amin(1)
    safe = chroma.clamp(min=1e-6)
    sector = torch.where(value == red, (green - blue) / safe, torch.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe))
    return torch.remainder(sector / 6, 1) * 255, chroma, value


def dominant_hues(pixels: torch.Tensor) -> torch.Tensor:
    """sprites.dominant_hue of a batch: uint8 [n, 4, s, s] → float [n]."""
    hue, chroma, value = hue_and_value(pixels[:, :3].float() / 255)
    saturation = (chroma / value.clamp(min=1e-6) * 255).floor()
    weight = saturation * (pixels[:, 3] > 128) * (value * 255 > 40)
    counts = torch.zeros(len(pixels), 256, device=pixels.device).scatter_add_(1, hue.long().flatten(1), weight.flatten(1))
    return sum(counts.roll(k, 1) for k in range(-6, 7)).argmax(1).float()


def recolour(rgb: torch.Tensor, peak: torch.Tensor, hue: torch.Tensor) -> torch.Tensor:
    """sprites.recolour of a batch: rgb float [n, 3, h, w], peak [n] of 256, hue [n] in degrees."""
    old, chroma, value = hue_and_value(rgb)
    old = old.floor()  # Pillow's hues are whole numbers; the edge of what turns along lies where it does there
    offset = torch.remainder(old - peak[:, None, None] + 128, 256) - 128
    target = (hue / 360 * 256).round()[:, None, None]
    new = torch.remainder(target + torch.div(offset, 2, rounding_mode="floor"), 256) / 255 * 6
    turned = []
    for shift in (0, 4, 2):  # red, green, blue are the same ramp, a third of the circle apart
        ramp = (torch.remainder(new + shift, 6) - 3).abs() - 1
        turned.append(value - chroma + chroma * ramp.clamp(0, 1))
    near = ((offset.abs() < NEAR_HUE) & (chroma > 0))[:, None]
    return torch.where(near, torch.stack(turned, 1), rgb)
