"""Light and style: filters over composed pictures, in batches, on any device.

A filter gets `scene` float [n, 6, 256, 256]: red, green, blue; depth (layer of the thing in front, 0 = background, 1 = frontmost); tint (a thing whose
colour the caption names: a pencil drawing shades it in coloured pencil); cover (any thing). And `seed` int64 [n] on the host, from which what is
random comes, the same on every device. It returns red, green, blue.
Every filter has to be told from the others at a glance and leave a thing of 56 px recognisable.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F

from .looks import BORN_STYLES, LIGHTS, STYLES

SIZE = 256
PANE = 29  # px between the middles of stained glass panes
LUMA = (0.299, 0.587, 0.114)


# --- small tools --------------------------------------------------------------------------------------------------------------------------
def luma(x: torch.Tensor) -> torch.Tensor:
    return LUMA[0] * x[:, 0:1] + LUMA[1] * x[:, 1:2] + LUMA[2] * x[:, 2:3]


def saturate(x: torch.Tensor, amount: float) -> torch.Tensor:
    grey = luma(x)
    return (grey + (x - grey) * amount).clamp(0, 1)


def lerp(a, b, t):
    return a + (b - a) * t


@lru_cache(200)
def constant(values: tuple, device: torch.device) -> torch.Tensor:
    """On the device once: a copy for every use would wait for the device every time."""
    return torch.tensor(values, device=device)


def rgb(*values: float, like: torch.Tensor) -> torch.Tensor:
    return constant(values, like.device)[:, None, None]


def send(x: torch.Tensor, device: torch.device) -> torch.Tensor:
    """To the device without waiting for what it is still doing; meant for a few kilobytes."""
    return x.to(device, non_blocking=True)


def smoothstep(low: float, high: float, x: torch.Tensor) -> torch.Tensor:
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def blur(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian; wide ones are blurred small, where they cost a sixteenth."""
    if sigma > 5:
        return F.interpolate(blur(F.avg_pool2d(x, 4), sigma / 4), scale_factor=4, mode="bilinear", align_corners=False)
    if sigma > 2.2:
        return F.interpolate(blur(F.avg_pool2d(x, 2), sigma / 2), scale_factor=2, mode="bilinear", align_corners=False)
    radius = max(1, math.ceil(2.5 * sigma))
    taps = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(-radius, radius + 1)]
    return windowed(x, [tap / sum(taps) for tap in taps])


def windowed(x: torch.Tensor, taps: list[float]) -> torch.Tensor:
    """Weighted sums over rows and columns. Sums of shifted views: a one-channel convolution takes a CPU twenty times as long."""
    r, (_, _, h, w) = len(taps) // 2, x.shape
    padded = F.pad(x, (r, r, r, r), mode="replicate")
    across = padded[:, :, :, :w] * taps[0]
    for k, tap in enumerate(taps[1:], 1):
        across.add_(padded[:, :, :, k : k + w], alpha=tap)
    out = across[:, :, :h] * taps[0]
    for k, tap in enumerate(taps[1:], 1):
        out.add_(across[:, :, k : k + h], alpha=tap)
    return out


def box(x: torch.Tensor, size: int) -> torch.Tensor:
    return windowed(x, [1 / size] * size)


def highest(x: torch.Tensor, size: int) -> torch.Tensor:
    """Maximum over size x size."""
    r, (_, _, h, w) = size // 2, x.shape
    padded = F.pad(x, (r, r, r, r), mode="replicate")
    across = padded[:, :, :, :w].clone()
    for k in range(1, size):
        torch.maximum(across, padded[:, :, :, k : k + w], out=across)
    out = across[:, :, :h].clone()
    for k in range(1, size):
        torch.maximum(out, across[:, :, k : k + h], out=out)
    return out


def shift(x: torch.Tensor, dx: int, dy: int) -> torch.Tensor:
    """Moved right by dx and down by dy px; the border repeats."""
    _, _, h, w = x.shape
    padded = F.pad(x, (max(dx, 0), max(-dx, 0), max(dy, 0), max(-dy, 0)), mode="replicate")
    return padded[:, :, max(-dy, 0) : max(-dy, 0) + h, max(-dx, 0) : max(-dx, 0) + w]


def gradient(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return (shift(x, -1, 0) - shift(x, 1, 0)) / 2, (shift(x, 0, -1) - shift(x, 0, 1)) / 2


def kuwahara(x: torch.Tensor, radius: int) -> torch.Tensor:
    """Flat areas with crisp rims: of eight windows around a pixel the even ones count (generalised Kuwahara filter)."""
    size, reach = radius | 1, max(1, radius // 2 + 1)
    grey = luma(x)
    means = box(torch.cat([x, grey, grey * grey], 1), size)
    # An even window counts with 1 / spread^6; its weighted colours and weights are moved together.
    weight = (1e-3 + (means[:, 4:5] - means[:, 3:4] ** 2).clamp_(min=0).sqrt_()).reciprocal_()
    weight = weight * weight * weight
    weight = weight * weight
    data = F.pad(torch.cat([means[:, :3] * weight, weight], 1), (reach,) * 4, mode="replicate")
    _, _, h, w = x.shape
    slant = round(0.7 * reach)
    total = data[:, :, reach : reach + h, :w].clone()
    for dx, dy in ((reach, 0), (0, reach), (0, -reach), (slant, slant), (slant, -slant), (-slant, slant), (-slant, -slant)):
        total += data[:, :, reach + dy : reach + dy + h, reach + dx : reach + dx + w]
    return total[:, :3] / total[:, 3:4]


def outline(depth: torch.Tensor, width: int) -> torch.Tensor:
    """1 along the rims of things, `width` px wide (odd)."""
    return smoothstep(0.05, 0.14, highest(depth, width) + highest(-depth, width))


def drawn_lines(grey: torch.Tensor, sigma: float, threshold: float, steepness: float) -> torch.Tensor:
    """1 where a draughtsman would put a line: an extended difference of Gaussians, dark side of edges."""
    near, far = blur(grey, sigma), blur(grey, sigma * 1.6)
    return (steepness * (far - near - threshold)).clamp(0, 1)


class Filters:
    def __init__(self, device: torch.device | str):
        self.device = torch.device(device)
        chance = torch.Generator().manual_seed(20)  # textures are part of the data: the same for everyone
        side = SIZE + 64
        self.side = side
        white = torch.randn(6, 1, side, side, generator=chance)
        self.grain = self._bank(blur(white, 0.7))
        self.clouds = self._bank(fractal(6, side, chance))
        self.strokes = {angle: self._bank(streaks(torch.randn(4, 1, side, side, generator=chance), angle, 11)) for angle in (-52, -35, 38)}
        self.rain = self._bank(rainfall(4, side, chance), stretch=False)
        self.snow = self._bank(flakes(4, side, chance), stretch=False)
        cells, seams = zip(*(voronoi(SIZE, PANE, chance) for _ in range(6)))
        self.cells, self.seams = torch.stack(cells).to(self.device), torch.stack(seams)[:, None].to(self.device)
        axis = torch.linspace(-1, 1, SIZE, device=self.device)
        self.line = torch.arange(SIZE, device=self.device)
        self.y, self.x = axis[None, None, :, None], axis[None, None, None, :]
        self._styles = {name: getattr(self, name.replace(" ", "_")) for name in STYLES[len(BORN_STYLES) :]}
        self._lights = {name: getattr(self, name.replace(" ", "_")) for name in LIGHTS[1:] if name != "rain"} | {"rain": self.rainy}

    def _bank(self, textures: torch.Tensor, stretch: bool = True) -> torch.Tensor:
        if stretch:  # to mean 0.5 and a spread of 0.2, cut to 0..1
            textures = (0.5 + 0.2 * (textures - textures.mean()) / textures.std()).clamp(0, 1)
        return textures.to(self.device)

    def changes(self, kind: str, index: int) -> bool:
        return index >= len(BORN_STYLES) if kind == "style" else index >= 1

    def style(self, index: int, scene: torch.Tensor, seed: torch.Tensor) -> torch.Tensor:
        return self._styles[STYLES[index]](scene, seed)

    def light(self, index: int, scene: torch.Tensor, seed: torch.Tensor) -> torch.Tensor:
        return self._lights[LIGHTS[index]](scene, seed)

    def texture(self, bank: torch.Tensor, seed: torch.Tensor, salt: int) -> torch.Tensor:
        """A piece of a bank's texture for every row: [n, 1, 256, 256]."""
        room = self.side - SIZE
        which = send((uniform(seed, salt) * len(bank)).long(), self.device)
        rows, columns = (self.line + send((uniform(seed, salt + k) * room).long(), self.device)[:, None] for k in (1, 2))
        return bank[which[:, None, None], 0, rows[:, :, None], columns[:, None, :]][:, None]

    def chance(self, seed: torch.Tensor, salt: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        return send(low + (high - low) * uniform(seed, salt), self.device)[:, None, None, None]

    def warp(self, x: torch.Tensor, seed: torch.Tensor, salt: int, amount: float) -> torch.Tensor:
        """A wavering hand: moved by up to `amount` px, slowly changing over the picture."""
        dx = (self.texture(self.clouds, seed, salt) - 0.5) * (4 * amount / SIZE)
        dy = (self.texture(self.clouds, seed, salt + 3) - 0.5) * (4 * amount / SIZE)
        half = 1 - 1 / SIZE
        grid = torch.stack([(self.x * half + dx)[:, 0], (self.y * half + dy)[:, 0]], -1)
        return F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)

    # --- light ------------------------------------------------------------------------------------------------------------------------------
    def golden_hour(self, scene, seed):
        x, cover = scene[:, :3], scene[:, 5:6]
        sx, sy = self.chance(seed, 20, 0.3, 0.95) * self.sign(seed, 21), self.chance(seed, 22, -0.9, -0.35)
        near = 1 / (1 + 1.6 * ((self.x - sx) ** 2 + (self.y - sy) ** 2))
        grey = luma(x)
        warm = x * lerp(rgb(0.84, 0.68, 0.66, like=x), rgb(1.1, 0.93, 0.7, like=x), smoothstep(0.15, 0.75, 0.55 * grey + 0.5 * near))
        sun = torch.exp(-((self.x - sx) ** 2 + (self.y - sy) ** 2) * 9) * (1 - 0.8 * cover)
        halo = near**2 * (0.36 - 0.18 * cover)
        lit = warm + (1 - warm.clamp(0, 1)) * (rgb(1.0, 0.82, 0.45, like=x) * sun + rgb(1.0, 0.64, 0.22, like=x) * halo)
        away = cover - torch.where(sx > 0, shift(cover, -3, 1), shift(cover, 3, 1))  # the rim that looks at the sun
        lit = lit + blur(away.clamp(min=0), 1.0) * rgb(0.5, 0.36, 0.14, like=x)
        glow = blur((lit - 0.8).clamp(min=0), 6)
        return (lit + 0.35 * glow * rgb(1.0, 0.8, 0.5, like=x)).clamp(0, 1)

    def fog(self, scene, seed):
        x, cover = scene[:, :3], scene[:, 5:6]
        drift = self.texture(self.clouds, seed, 23)
        drift = F.interpolate(drift[:, :, :, : SIZE // 3], size=(SIZE, SIZE), mode="bilinear", align_corners=False)  # lies in bands
        far = 0.66 + 0.16 * (1 - self.y.abs()) + 0.5 * (drift - 0.5)
        near = 0.17 + 0.1 * self.y + 0.4 * (drift - 0.5) + 0.12 * (1 - scene[:, 3:4])
        haze = lerp(far, near, cover).clamp(0.05, 0.9)
        soft = lerp(blur(x, 2.2), x, cover)
        air = rgb(0.85, 0.87, 0.89, like=x) * (1.02 - 0.06 * self.y)
        return lerp(saturate(soft, 0.72), air, haze).clamp(0, 1)

    def moonlight(self, scene, seed):
        x, cover = scene[:, :3], scene[:, 5:6]
        mx, my, r = self.chance(seed, 26, 0.35, 0.72) * self.sign(seed, 27), self.chance(seed, 28, -0.75, -0.55), self.chance(seed, 29, 0.1, 0.14)
        distance = ((self.x - mx) ** 2 + (self.y - my) ** 2).sqrt()
        grey = luma(x)
        tone = lerp(rgb(0.42, 0.55, 0.92, like=x), rgb(0.62, 0.66, 0.9, like=x), cover)
        night = lerp(grey, x, 0.62 + 0.28 * cover) ** 1.15 * tone * (0.62 + 0.35 / (1 + 2.5 * distance**2)) + rgb(0.015, 0.025, 0.07, like=x)
        night = lerp(night * 0.86, night * 1.05, cover)
        moon = smoothstep(0, 0.02, r - distance) * (1 - cover)
        mottled = 0.93 + 0.14 * (self.texture(self.clouds, seed, 30) - 0.5)
        halo = torch.exp(-((distance / 0.34) ** 2)) * (0.5 - 0.35 * cover)
        lit = night + (1 - night) * rgb(0.55, 0.66, 0.95, like=x) * halo
        lit = lerp(lit, rgb(0.97, 0.96, 0.88, like=x) * mottled, moon)
        side = torch.where(mx > 0, shift(cover, -2, 2), shift(cover, 2, 2))
        return (lit + blur((cover - side).clamp(min=0), 0.8) * rgb(0.34, 0.42, 0.58, like=x)).clamp(0, 1)

    def rainy(self, scene, seed):
        x, cover = scene[:, :3], scene[:, 5:6]
        grey = luma(x)
        wet = lerp(grey, x, 0.66 + 0.2 * cover) * rgb(0.72, 0.79, 0.88, like=x) + rgb(0.03, 0.04, 0.05, like=x)
        veil = (0.34 - 0.2 * self.y - 0.2 * cover).clamp(0, 1)
        wet = lerp(wet, rgb(0.58, 0.64, 0.71, like=x), veil)
        near, far = self.texture(self.rain, seed, 33), self.texture(self.rain.flip(0), seed, 36)
        streaks_ = (0.62 * near + 0.4 * far * (1 - 0.6 * cover)).clamp(0, 0.8)
        return lerp(wet, rgb(0.9, 0.95, 1.0, like=x), streaks_).clamp(0, 1)

    def snowfall(self, scene, seed):
        x, cover = scene[:, :3], scene[:, 5:6]
        grey = luma(x)
        cold = lerp(lerp(grey, x, 0.8 + 0.15 * cover) * rgb(0.9, 0.95, 1.02, like=x), rgb(0.88, 0.92, 0.98, like=x), 0.24 - 0.18 * cover)
        roof = cover * (1 - shift(cover, 0, 5)) * smoothstep(0.35, 0.55, self.texture(self.clouds, seed, 39) + 0.12)
        cold = lerp(cold, rgb(0.97, 0.985, 1.0, like=x), smoothstep(0.2, 0.7, blur(roof, 1.0)))
        falling = self.texture(self.snow, seed, 42) * (1 - 0.35 * cover)
        return lerp(cold, torch.ones_like(cold), falling.clamp(0, 1)).clamp(0, 1)

    def sign(self, seed, salt):
        return send((uniform(seed, salt) < 0.5).float().mul(2).sub(1), self.device)[:, None, None, None]

    # --- styles -----------------------------------------------------------------------------------------------------------------------------
    def watercolour(self, scene, seed):
        scene = self.warp(scene, seed, 50, 2.6)
        x, cover, depth = scene[:, :3], scene[:, 5:6], scene[:, 3:4]
        flat = lerp(kuwahara(x, 5), blur(x, 5), 0.55 * (1 - cover))
        flow, grain = self.texture(self.clouds, seed, 56), self.texture(self.grain, seed, 59)
        # A wash: light passes the pigment twice; where it pooled (rims) and where the paper's hollows are there is more of it.
        density = (0.62 + 0.3 * cover) * (0.72 + 0.75 * (flow - 0.2).clamp(0, 0.8)) * (0.94 + 0.22 * (grain - 0.5))
        rims = (flat - blur(flat, 2.2)).abs().amax(1, keepdim=True) + 0.14 * outline(depth, 3)
        density = density + 0.6 * smoothstep(0.03, 0.3, rims) * (0.4 + flow)
        washed = saturate(flat, 1.35).clamp(0.03, 1) ** density
        # The paint ends before the sheet does, in tongues.
        border = (1.06 - torch.maximum(self.x.abs(), self.y.abs())) * 3.2 + 1.5 * (flow - 0.5) - 0.1
        painted = torch.maximum(smoothstep(0.1, 0.34, border), cover)
        paper = rgb(0.985, 0.975, 0.95, like=x) * (0.975 + 0.05 * grain)
        tide = smoothstep(0.08, 0.2, border) * (1 - smoothstep(0.2, 0.42, border)) * (1 - cover)
        return (paper * lerp(torch.ones_like(x), washed * (1 - 0.1 * tide), painted)).clamp(0, 1)

    def oil_painting(self, scene, seed):
        x, cover = scene[:, :3], scene[:, 5:6]
        flat = lerp(kuwahara(x, 7), kuwahara(x, 3), cover) * 0.96
        gx, gy = gradient(luma(blur(flat, 1.2)))
        tensor = blur(torch.cat([gx * gx, gx * gy, gy * gy], 1), 4)
        wander = (self.texture(self.clouds, seed, 62) - 0.5) * 5
        strength = tensor[:, 0:1] + tensor[:, 2:3]
        sure = smoothstep(2e-5, 6e-4, strength)
        across = 0.5 * torch.atan2(2 * tensor[:, 1:2], tensor[:, 0:1] - tensor[:, 2:3])
        doubled_x = lerp(torch.cos(2 * wander), -torch.cos(2 * across), sure)  # along the edge, else wherever the hand wanders
        doubled_y = lerp(torch.sin(2 * wander), -torch.sin(2 * across), sure)
        angle = 0.5 * torch.atan2(doubled_y, doubled_x)
        step_x, step_y = torch.cos(angle)[:, 0] * (2 / SIZE), torch.sin(angle)[:, 0] * (2 / SIZE)
        noise = self.texture(self.grain, seed, 65)
        smear = torch.cat([flat, noise], 1)
        half = 1 - 1 / SIZE
        base = torch.stack(torch.broadcast_tensors((self.x * half)[:, 0], (self.y * half)[:, 0]), -1)
        step = torch.stack([step_x, step_y], -1)
        total = smear
        for k in (-7, -5, -3, -1.5, 1.5, 3, 5, 7):
            total = total + F.grid_sample(smear, base + step * k, mode="bilinear", padding_mode="border", align_corners=False)
        total = total / 9
        colour, bristles = total[:, :3], (total[:, 3:4] - 0.5) * 5
        colour = lerp(colour, flat, 0.72 * cover)
        lit = (bristles - shift(bristles, 1, 1)).clamp(-1, 1)  # the ridges of paint catch light from the upper left
        # Thick paint around, thinner where features are small.
        thick = 1 - 0.45 * cover
        colour = saturate(colour, 1.3) * (1 + 0.11 * bristles * thick) * (1 - 0.3 * blur(outline(scene[:, 3:4], 3), 0.8)) + 0.12 * lit * thick
        return lerp(colour, smoothstep(-0.06, 1.04, colour), 0.5).clamp(0, 1)

    def pixel_art(self, scene, seed):
        block = 4
        x, depth, cover = scene[:, :3], scene[:, 3:4], scene[:, 5:6]
        mean = F.avg_pool2d(x, block)
        # Of a block's pixels the one most like their mean: no in-between colours along edges.
        n, _, h, w = mean.shape
        parts = F.unfold(x, block, stride=block).view(n, 3, block * block, h, w)
        best = (parts - mean[:, :, None]).abs().sum(1).argmin(1)
        small = parts.gather(2, best[:, None, None].expand(-1, 3, 1, -1, -1))[:, :, 0]
        solid, front = (F.avg_pool2d(cover, block) > 0.5).float(), F.avg_pool2d(depth, block)
        small = saturate(small, 1.25)
        bayer = constant(((0.0, 8, 2, 10), (12, 4, 14, 6), (3, 11, 1, 9), (15, 7, 13, 5)), x.device).repeat(h // 4, w // 4) / 16 - 0.47
        steps = 7.0 - solid
        small = ((small * steps + bayer * (0.42 - 0.22 * solid)).round() / steps).clamp(0, 1)
        rim = ((highest(solid, 3) - solid) + solid * ((front - -highest(-front, 3)) > 0.1) * (highest(-solid, 3) > -0.5)).clamp(0, 1)
        small = lerp(small, small * 0.25 * rgb(0.7, 0.6, 0.9, like=x), rim * 0.92)
        return small.repeat_interleave(block, 2).repeat_interleave(block, 3)

    def pencil(self, scene, seed):
        scene = self.warp(scene, seed, 70, 1.6)
        x, depth, tint, cover = scene[:, :3], scene[:, 3:4], scene[:, 4:5], scene[:, 5:6]
        grey = luma(x)
        tone = (1 - blur(grey, 0.8)).clamp(0, 1)
        tone = lerp(0.55 * tone, 0.95 * tone, cover)
        first, second = self.texture(self.strokes[-52], seed, 76), self.texture(self.strokes[38], seed, 79)
        tooth = self.texture(self.grain, seed, 82)
        shade = tone * smoothstep(0.25, 0.75, first + 0.35 * tone) * 0.95 + (tone - 0.45).clamp(min=0) * smoothstep(0.4, 0.7, second) * 0.9
        shade = shade * (0.72 + 0.56 * tooth)
        lines = drawn_lines(grey, 0.9, 0.012, 16) * (0.45 + 0.4 * cover) + 0.75 * outline(depth, 3)
        lines = lines + 0.4 * shift(outline(depth, 3), 2, -1) * (0.3 + first)  # searched for twice, as one does
        lead = (shade + lines * (0.6 + 0.5 * tooth)).clamp(0, 0.93)
        paper = rgb(0.965, 0.955, 0.93, like=x) * (0.985 + 0.03 * tooth)
        colour = saturate(x, 1.5) / x.amax(1, keepdim=True).clamp(min=0.2)
        pigment = lerp(rgb(0.2, 0.2, 0.22, like=x).expand_as(x), colour.clamp(0, 1) * 0.72, tint * 0.95)
        strength = lerp(lead, (lead * 1.1 + 0.3 * tint * (0.5 + first)).clamp(0, 0.93), tint)
        return lerp(paper.expand_as(x), pigment, strength).clamp(0, 1)

    def ink(self, scene, seed):
        scene = self.warp(scene, seed, 85, 1.4)
        x, depth, tint, cover = scene[:, :3], scene[:, 3:4], scene[:, 4:5], scene[:, 5:6]
        smooth = kuwahara(x, 3)
        grey = luma(smooth)
        waver = (self.texture(self.clouds, seed, 91) - 0.5) * 7
        pixel = SIZE / 2

        def hatch(angle, spacing, amount):
            """Ruled lines whose width follows the amount of ink, 0..1."""
            phase = (self.x * pixel * math.cos(angle) + self.y * pixel * math.sin(angle) + waver) * (2 * math.pi / spacing)
            return smoothstep(-0.35, 0.35, torch.cos(phase) - 1.36 + 2.3 * amount)

        dark = 1 - grey
        amount = lerp(0.75 * (dark - 0.14), dark - 0.26, cover).clamp(0, 0.8)
        lines = hatch(0.9, 5.2, amount)
        lines = torch.maximum(lines, hatch(-0.75, 5.2, (amount - 0.28) * 1.2 * cover))
        solid = smoothstep(0.72, 0.8, dark) * lerp(torch.full_like(cover, 0.6), torch.ones_like(cover), cover)
        contour = torch.maximum(drawn_lines(grey, 1.1, 0.016, 34) * (0.55 + 0.45 * cover), outline(depth, 5))
        ink = torch.maximum(torch.maximum(lines, solid), contour).clamp(0, 1)
        paper = rgb(0.985, 0.97, 0.93, like=x).expand_as(x)
        wash = lerp(paper, saturate(smooth, 1.5) * 0.45 + 0.55 * saturate(blur(smooth, 2), 1.8), tint * 0.9)
        ink = lerp(ink, ink * (0.25 + 0.75 * torch.maximum(contour, solid)), tint)
        return lerp(wash, rgb(0.07, 0.07, 0.1, like=x), ink).clamp(0, 1)

    def paper_cut(self, scene, seed):
        x, depth, cover = scene[:, :3], scene[:, 3:4], scene[:, 5:6]
        # The scene behind is three or four sheets of coloured card: few tones with soft, hand-cut rims.
        far, near = kuwahara(blur(x, 3.5), 7), kuwahara(x, 3)
        wavy = 0.1 * (self.texture(self.clouds, seed, 92) - 0.5)
        level = luma(far) * 4.5 + wavy
        stepped = (level.floor() + smoothstep(0.46, 0.54, level - level.floor())) / 4.5
        card = far * (stepped + 0.08) / (luma(far) + 0.08)
        level = luma(near) * 6
        tone = (level.floor() + smoothstep(0.4, 0.6, level - level.floor())) / 6
        colour = lerp(card, near * (tone + 0.1) / (luma(near) + 0.1), cover).clamp(0, 1)
        colour = saturate(colour, 1.25) * 0.92 + 0.06
        # A thing is cut out with a rim of white paper left around it.
        piece = highest(cover, 9)
        colour = lerp(colour, torch.full_like(colour, 0.97), (piece - cover).clamp(0, 1))
        height = lerp(0.34 * (1 - stepped), 0.62 + 0.5 * highest(depth, 9), piece)
        close, wide = blur(shift(height, 2, 3), 1.2), blur(shift(height, 6, 8), 3.2)
        shadow = 0.9 * (close - height).clamp(0, 0.5) + 0.85 * (wide - height).clamp(0, 0.7)
        edge = (height - shift(height, 1, 1)).clamp(-0.35, 0.35)
        fibre = self.texture(self.grain, seed, 95)
        relief = (fibre - shift(fibre, 1, 1)) * 0.1 + 0.05 * (self.texture(self.clouds, seed, 98) - 0.5)
        out = colour * (1 - shadow.clamp(0, 0.62)) * lerp(torch.ones_like(x), rgb(0.92, 0.94, 1.0, like=x), shadow) + 0.5 * edge.clamp(min=0)
        return (out + relief).clamp(0, 1)

    def neon(self, scene, seed):
        x, depth, cover = scene[:, :3], scene[:, 3:4], scene[:, 5:6]
        smooth = kuwahara(x, 3)
        gx, gy = gradient(blur(smooth, 0.8))
        edges = (gx * gx + gy * gy).sqrt().amax(1, keepdim=True)
        rim = outline(depth, 3)
        lines = torch.maximum(smoothstep(0.035, 0.13, edges) * lerp(torch.full_like(cover, 0.4), torch.full_like(cover, 0.8), cover), rim)
        # A tube's colour: the thing's own, as pure as it gets; what has none glows in the picture's own colour.
        around = lerp(blur(smooth, 2), smooth, 0.4)
        high, low = around.amax(1, keepdim=True), around.amin(1, keepdim=True)
        pure = (around - low) / (high - low).clamp(min=0.02)
        has_hue = smoothstep(0.08, 0.25, high - low)
        turn = self.chance(seed, 101, 0, 2 * math.pi)
        own = torch.cat([0.55 + 0.45 * torch.cos(turn + shift_) for shift_ in (0.0, 2.1, 4.2)], 1)
        back = torch.cat([0.55 + 0.45 * torch.cos(turn + 2.6 + shift_) for shift_ in (0.0, 2.1, 4.2)], 1)
        colour = lerp(lerp(back, own, cover), pure * 0.92 + 0.08, has_hue)
        tube = colour * lines
        glow = 0.95 * blur(tube, 2.0) + 1.15 * blur(tube, 6) + 0.9 * blur(tube, 18)
        base = saturate(smooth, 1.3) * lerp(rgb(0.09, 0.07, 0.16, like=x), rgb(0.26, 0.22, 0.34, like=x), cover) + rgb(0.02, 0.01, 0.05, like=x)
        core = (lines**3) * (0.55 + 0.25 * cover)
        out = base + glow * (0.75 + 0.1 * cover) + tube * 0.75
        return (1 - torch.exp(-1.35 * lerp(out, torch.ones_like(out) * 1.5, 0.5 * core))).clamp(0, 1)

    def stained_glass(self, scene, seed):
        x, depth, cover = scene[:, :3], scene[:, 3:4], scene[:, 5:6]
        n = len(x)
        which = send((uniform(seed, 104) * len(self.cells)).long(), self.device)
        cells, seams = self.cells.index_select(0, which), self.seams.index_select(0, which)
        count = (SIZE // PANE + 1) ** 2
        key = cells * 2 + (cover[:, 0] > 0.5).long()
        flat_key = key.flatten(1)
        sums = torch.zeros(n, 4, 2 * count, device=x.device)
        values = torch.cat([x, torch.ones_like(cover)], 1).flatten(2)
        sums.scatter_add_(2, flat_key[:, None].expand(-1, 4, -1), values)
        mean = (sums[:, :3] / sums[:, 3:4].clamp(min=1)).gather(2, flat_key[:, None].expand(-1, 3, -1)).view_as(x)
        smooth = kuwahara(x, 5)
        glass = lerp(lerp(mean, smooth, 0.12), lerp(smooth, mean, 0.16), cover)
        # Each pane its own thickness of glass, a little uneven, lit from behind.
        pane = ((key * 7919 + which[:, None, None] * 104729) % 97).float()[:, None] / 97 - 0.5
        ripple = self.texture(self.clouds, seed, 107) - 0.5
        sun = 1 / (1 + 0.55 * ((self.x - self.chance(seed, 110, -0.5, 0.5)) ** 2 + (self.y + 0.3) ** 2))
        glass = saturate(glass, 1.75) ** 0.92
        stain = torch.cat([((key * f + which[:, None, None] * 31) % 89).float()[:, None] / 89 - 0.5 for f in (5171, 6311, 8837)], 1)
        glass = glass * (1 + stain * (0.3 - 0.24 * cover))  # no two panes from one pot
        glass = glass * (1 + pane * (0.34 - 0.22 * cover) + 0.22 * ripple) * (0.72 + 0.5 * sun) + 0.05 * sun
        gx, gy = gradient(blur(smooth, 0.9))
        inner = smoothstep(0.06, 0.14, (gx * gx + gy * gy).sqrt().amax(1, keepdim=True)) * cover * 0.8
        lead = torch.maximum(torch.maximum(seams * (1 - 0.72 * cover), outline(depth, 5)), inner)
        ridge = (blur(lead, 0.8) - shift(blur(lead, 0.8), 1, 1)).clamp(min=0)
        shade = 1 - 0.35 * blur(lead, 2.0)  # the came's shadow on the pane
        return (lerp(glass * shade, rgb(0.07, 0.075, 0.09, like=x).expand_as(x), lead) + 0.2 * ridge * lead).clamp(0, 1)

    def pastel(self, scene, seed):
        scene = self.warp(scene, seed, 113, 1.8)
        x, cover, depth = scene[:, :3], scene[:, 5:6], scene[:, 3:4]
        flat = lerp(blur(kuwahara(x, 7), 2.0), lerp(kuwahara(x, 5), x, 0.3), cover)
        soft = lerp(saturate(flat, 1.08), torch.ones_like(flat), 0.2 - 0.12 * cover)
        tooth, strokes_ = self.texture(self.grain, seed, 119), self.texture(self.strokes[-35], seed, 122)
        turn = self.chance(seed, 125)
        paper = lerp(rgb(0.80, 0.74, 0.66, like=x), rgb(0.70, 0.74, 0.78, like=x), (turn > 0.5).float()) * (0.97 + 0.06 * tooth)
        # Chalk lies on the paper's tooth and misses its hollows; strokes press more and less.
        pressure = 0.78 + 0.16 * cover + 0.9 * (strokes_ - 0.5) * (1 - 0.35 * cover)
        laid = smoothstep(0.12, 0.62, pressure - 0.55 * (0.72 - tooth))
        fade = smoothstep(0.0, 0.3, 1.05 - torch.maximum(self.x.abs(), self.y.abs()) + 0.5 * (strokes_ - 0.5))
        laid = laid * torch.maximum(fade, cover)
        chalk = (soft + 0.22 * (strokes_ - 0.5) + 0.08 * (tooth - 0.5)).clamp(0, 1)
        out = lerp(paper.expand_as(x), chalk, laid)
        return (out * (1 - 0.3 * blur(outline(depth, 3), 1.0) * (0.4 + tooth))).clamp(0, 1)


# --- textures, made once ------------------------------------------------------------------------------------------------------------------
def fractal(count: int, side: int, chance: torch.Generator) -> torch.Tensor:
    total = torch.zeros(count, 1, side, side)
    for octave in range(5):
        cells = 5 * 2**octave
        total += F.interpolate(torch.randn(count, 1, cells, cells, generator=chance), size=(side, side), mode="bicubic", align_corners=False) * 0.58**octave
    return total


def streaks(noise: torch.Tensor, angle: float, length: int) -> torch.Tensor:
    """Noise drawn out along a direction (degrees, clockwise from the right)."""
    dx, dy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    noise = blur(noise, 0.6)
    return sum(torch.roll(noise, (round(dy * k), round(dx * k)), (2, 3)) * math.cos(k / length * math.pi / 2) for k in range(-length, length + 1))


def rainfall(count: int, side: int, chance: torch.Generator) -> torch.Tensor:
    """Slanting streaks of several lengths, 0..1."""
    seeds = (torch.rand(count, 1, side, side, generator=chance) > 0.9982).float()
    bright = seeds * (0.35 + 0.65 * torch.rand(count, 1, side, side, generator=chance))
    long = sum(torch.roll(bright, (k, -(k // 4)), (2, 3)) * (0.4 + 0.6 * k / 17) for k in range(18))
    return blur(long, 0.55).mul(1.6).clamp(0, 1)


def flakes(count: int, side: int, chance: torch.Generator) -> torch.Tensor:
    """Soft flakes of three sizes, near and far, 0..1."""
    total = torch.zeros(count, 1, side, side)
    for radius, density, strength in ((1.2, 0.0022, 0.75), (2.1, 0.0011, 0.9), (3.4, 0.0003, 0.85)):
        spots = (torch.rand(count, 1, side, side, generator=chance) < density).float()
        reach = math.ceil(radius + 1)
        axis = torch.arange(-reach, reach + 1).float()
        disc = smoothstep(0, 1.4, radius + 0.6 - (axis[:, None] ** 2 + axis[None, :] ** 2).sqrt())
        total = torch.maximum(total, F.conv2d(spots, disc[None, None], padding=reach).clamp(0, 1) * strength)
    return total


def voronoi(side: int, spacing: int, chance: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Panes of a window: int64 [side, side] which one, and float [side, side] 1 on the lead between them."""
    cells = side // spacing + 1
    grid = torch.stack(torch.meshgrid(torch.arange(cells), torch.arange(cells), indexing="ij"), -1).float()
    points = ((grid + 0.5 + 0.42 * (2 * torch.rand(cells, cells, 2, generator=chance) - 1)) * spacing).view(-1, 2)
    axis = torch.arange(side).float() + 0.5
    place = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).view(-1, 2)
    two = torch.cdist(place, points).topk(2, dim=1, largest=False)
    gap = two.values[:, 1] - two.values[:, 0]
    return two.indices[:, 0].view(side, side), (1 - smoothstep(1.4, 3.6, gap)).view(side, side)


def uniform(seed: torch.Tensor, salt: int) -> torch.Tensor:
    """A number in [0, 1) from each seed (int64, on the host), another for each salt, the same on every device."""
    mask = 0xFFFFFFFF
    x = (seed.long() & mask) ^ (0x9E3779B9 * (salt + 1) & mask)
    for _ in range(2):
        x = ((x ^ (x >> 16)) * 0x45D9F3B) & mask  # 27 bits: the product stays in 63
    return ((x ^ (x >> 16)) >> 8).float() / (1 << 24)
