"""What backgrounds are painted with: a canvas three times too large (averaged at the end: smooth edges) and things that recur in landscapes.

All coordinates are in units of the picture, 0..1 from the upper left.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]


@lru_cache(4)
def _falloff(power: float) -> Image.Image:
    """A round spot of light, 255 in the middle, 0 at its rim."""
    y, x = np.mgrid[-1:1:129j, -1:1:129j]
    return Image.fromarray((255 * np.clip(1 - np.hypot(x, y), 0, 1) ** power).astype(np.uint8), "L")


def mix(a, b, t: float) -> Colour:
    return tuple(round(p + (q - p) * t) for p, q in zip(a, b))


class Canvas:
    def __init__(self, rng: np.random.Generator, size: int, oversampling: int = 3):
        self.rng, self.oversampling = rng, oversampling
        self.side = size * oversampling
        self.image = Image.new("RGB", (self.side, self.side))
        self.draw = ImageDraw.Draw(self.image)

    def finished(self) -> Image.Image:
        return self.image.reduce(self.oversampling)

    # --- chance ---------------------------------------------------------------------------------------------------------------------------
    def u(self, a: float, b: float) -> float:
        return float(self.rng.uniform(a, b))

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def jitter(self, colour, spread: float = 7.0) -> Colour:
        """Lighter or darker, and a little warmer or colder: never the mud of three independent channels."""
        light, warm = self.rng.normal(0, spread), self.rng.normal(0, spread * 0.5)
        return tuple(int(np.clip(v + light + w * warm, 0, 255)) for v, w in zip(colour, (1, 0, -1)))

    # --- areas ----------------------------------------------------------------------------------------------------------------------------
    def gradient(self, top, bottom, y0: float = 0.0, y1: float = 1.0, mask: Image.Image | None = None, spread: float = 6.0):
        a, b = round(y0 * self.side), round(y1 * self.side)
        t = np.linspace(0, 1, b - a)[:, None]
        column = np.asarray(self.jitter(top, spread)) * (1 - t) + np.asarray(self.jitter(bottom, spread)) * t
        strip = Image.fromarray(column.astype(np.uint8)[:, None], "RGB").resize((self.side, b - a), Image.NEAREST)
        self.image.paste(strip, (0, a), mask.crop((0, a, self.side, b)) if mask is not None else None)

    def ridge(self, y: float, amplitude: float, roughness: float = 0.5, waves: float = 1.5) -> np.ndarray:
        """An uneven horizon: heights at 97 places across the picture."""
        x, out = np.linspace(0, 1, 97), np.full(97, y)
        for octave in range(5):
            out = out + amplitude * roughness**octave * np.sin(2 * np.pi * waves * 1.93**octave * x + self.u(0, 6.3))
        return out

    def below(self, heights: np.ndarray, top, bottom, spread: float = 6.0):
        """Everything under a ridge, as a gradient from its highest point to the lower edge."""
        mask = Image.new("L", (self.side, self.side))
        x = np.linspace(0, 1, len(heights))
        points = [(float(a) * self.side, float(b) * self.side) for a, b in zip(x, heights)]
        ImageDraw.Draw(mask).polygon([*points, (self.side, self.side), (0, self.side)], fill=255)
        self.gradient(top, bottom, float(np.clip(heights.min() - 0.005, 0, 0.99)), 1.0, mask, spread)

    def rect(self, x0, y0, x1, y1, colour, radius: float = 0):
        box = (x0 * self.side, y0 * self.side, x1 * self.side - 1, y1 * self.side - 1)
        if box[2] < box[0] or box[3] < box[1]:
            return
        if radius:
            self.draw.rounded_rectangle(box, radius * self.side, fill=colour)
        else:
            self.draw.rectangle(box, fill=colour)

    def disc(self, x, y, r, colour, ry=None):
        ry = r if ry is None else ry
        self.draw.ellipse(((x - r) * self.side, (y - ry) * self.side, (x + r) * self.side, (y + ry) * self.side), fill=colour)

    def polygon(self, points, colour):
        self.draw.polygon([(x * self.side, y * self.side) for x, y in points], fill=colour)

    def line(self, points, colour, width: float):
        self.draw.line([(x * self.side, y * self.side) for x, y in points], fill=colour, width=max(1, round(width * self.side)), joint="curve")

    def dots(self, n, y0, y1, r0, r1, colour):
        for _ in range(n):
            self.disc(self.u(0, 1), self.u(y0, y1), self.u(r0, r1), colour)

    # --- light and air ----------------------------------------------------------------------------------------------------------------------
    def glow(self, x, y, r, colour, strength: float = 0.6, ry=None, power: float = 1.5):
        ry = r if ry is None else ry
        w, h = max(2, round(2 * r * self.side)), max(2, round(2 * ry * self.side))
        mask = _falloff(power).resize((w, h), Image.BILINEAR).point(lambda v: int(v * strength))
        self.image.paste(tuple(colour), (round((x - r) * self.side), round((y - ry) * self.side)), mask)

    def haze(self, y0, y1, colour, strength: float = 0.6, rising: bool = True):
        """Air between y0 and y1, thickest at the lower (`rising`) or upper edge."""
        a, b = round(y0 * self.side), round(y1 * self.side)
        t = np.linspace(0, 1, b - a) if rising else np.linspace(1, 0, b - a)
        column = Image.fromarray((255 * strength * t**1.4).astype(np.uint8)[:, None], "L")
        self.image.paste(tuple(colour), (0, a), column.resize((self.side, b - a), Image.NEAREST))

    def soften(self, radius: float):
        """Far things out of focus: what is painted so far, blurred by `radius` of the picture, at a third of the size."""
        small = self.image.reduce(self.oversampling).filter(ImageFilter.GaussianBlur(radius * self.side / self.oversampling))
        self.image.paste(small.resize((self.side, self.side), Image.BILINEAR))

    def cloud(self, x, y, r, colour=(255, 255, 255), under=(222, 232, 244)):
        puffs = [(-1.7, 0.2, 0.55), (-0.9, -0.1, 0.8), (0.0, -0.4, 1.0), (0.9, -0.1, 0.85), (1.7, 0.2, 0.6)]
        puffs = [(dx + self.u(-0.12, 0.12), dy + self.u(-0.1, 0.1), k * self.u(0.9, 1.1)) for dx, dy, k in puffs]
        for dx, dy, k in puffs:
            self.disc(x + dx * r, y + dy * r + 0.1 * r, r * k, under)
        for dx, dy, k in puffs:
            self.disc(x + dx * r, y + dy * r - 0.06 * r, r * k * 0.93, colour)
        self.rect(x - 1.9 * r, y + 0.35 * r, x + 1.9 * r, y + 0.75 * r, under, 0.2 * r)

    def sky(self, top=None, bottom=None, clouds: int | None = None):
        """A fine day: blue of one of four hours, up to three clouds."""
        if top is None:
            top, bottom = self.pick(
                (((92, 172, 240), (208, 236, 252)), ((70, 150, 225), (190, 226, 250)), ((120, 190, 242), (236, 240, 240)), ((98, 182, 232), (250, 240, 222)))
            )
        self.gradient(top, bottom, 0, 0.75)
        self.gradient(bottom, bottom, 0.74, 1)
        for _ in range(int(self.rng.integers(0, 4)) if clouds is None else clouds):
            self.cloud(self.u(0.05, 0.95), self.u(0.08, 0.28), self.u(0.03, 0.055), mix((255, 255, 255), bottom, 0.1), mix((255, 255, 255), bottom, 0.6))

    def stars(self, n, y1, colour=(255, 255, 245), y0=0.0):
        for _ in range(n):
            brightness = self.u(0.35, 1)
            self.disc(self.u(0, 1), self.u(y0, y1), self.u(0.0012, 0.0036), mix(self.image.getpixel((3, 3)), colour, brightness))

    # --- what grows -------------------------------------------------------------------------------------------------------------------------
    def pine(self, x, foot, height, colour, trunk=(92, 66, 48)):
        self.rect(x - 0.035 * height, foot - 0.16 * height, x + 0.035 * height, foot, trunk)
        for k in range(3):
            bottom, top, w = foot - height * (0.12 + 0.25 * k), foot - height * (0.56 + 0.22 * k), height * (0.3 - 0.07 * k)
            self.polygon([(x, top), (x - w, bottom), (x + w, bottom)], mix(colour, (255, 255, 255), 0.05 * k))
            self.polygon([(x, top), (x, bottom), (x + w, bottom)], mix(colour, (10, 30, 40), 0.14 - 0.02 * k))

    def tree(self, x, foot, height, colour, trunk=(112, 80, 56)):
        self.polygon(
            [(x - 0.05 * height, foot), (x - 0.03 * height, foot - 0.6 * height), (x + 0.03 * height, foot - 0.6 * height), (x + 0.05 * height, foot)], trunk
        )
        puffs = [(-0.2, -0.55, 0.2), (0.2, -0.55, 0.2), (0, -0.76, 0.24), (-0.13, -0.68, 0.2), (0.14, -0.66, 0.2)]
        for dx, dy, r in puffs:
            self.disc(x + dx * height + 0.015 * height, foot + dy * height + 0.03 * height, r * height, mix(colour, (15, 45, 50), 0.22))
        for dx, dy, r in puffs:
            self.disc(x + dx * height - 0.02 * height, foot + dy * height - 0.02 * height, r * height * 0.86, mix(colour, (255, 250, 190), 0.07 * self.u(0, 2)))

    def palm(self, x, foot, height, colour, trunk=(150, 112, 76)):
        lean = self.u(-0.22, 0.22) * height
        spine = [(x + lean * t**2, foot - height * t) for t in np.linspace(0, 1, 9)]
        for (x0, y0), (x1, y1), t in zip(spine, spine[1:], np.linspace(0.055, 0.03, 8)):
            self.line([(x0, y0), (x1, y1 - 0.004)], trunk, t * height)
        cx, cy = spine[-1]
        for angle in np.linspace(-2.9, 0.0, 7) + self.u(-0.1, 0.1):
            reach = height * self.u(0.36, 0.46)
            tip = np.array([np.cos(angle) * reach, np.sin(angle) * reach * 0.6 + 0.2 * reach])
            bend = np.array([np.cos(angle) * reach * 0.5, np.sin(angle) * reach * 0.75 - 0.12 * reach])
            side = np.array([-bend[1], bend[0]]) / (np.hypot(*bend) + 1e-6) * reach * 0.11
            t = np.linspace(0, 1, 9)[:, None]
            leaf = 2 * t * (1 - t) * bend * 1.3 + t**2 * tip
            width = np.sin(np.pi * np.linspace(0.08, 1, 9))[:, None] * side
            outline = np.concatenate([leaf + width, (leaf - width)[::-1]]) + np.array((cx, cy))
            self.polygon([tuple(p) for p in outline], mix(colour, (10, 50, 40) if angle > -1.4 else (230, 240, 120), self.u(0.05, 0.25)))

    def grass(self, n, y0, y1, colour, height=0.03):
        for y in np.sort(self.rng.uniform(y0, y1, n)):
            x, h = self.u(0, 1), height * self.u(0.5, 1.1) * (0.6 + (y - y0))
            for lean in (-0.5, 0.0, 0.5):
                self.polygon([(x - 0.003, y), (x + lean * h, y - h), (x + 0.003, y)], colour)

    def flowers(self, n, y0, y1, r, palette):
        for y in np.sort(self.rng.uniform(y0, y1, n)):
            x, size, colour = self.u(0, 1), r * self.u(0.7, 1.2), self.pick(palette)
            for k in range(5):
                self.disc(x + 0.8 * size * np.cos(k * 1.257), y + 0.8 * size * np.sin(k * 1.257) * 0.8, size * 0.62, colour)
            self.disc(x, y, size * 0.5, (250, 214, 90))

    def ripples(self, n, y0, y1, colour, strength=0.5):
        for y in np.sort(self.rng.uniform(y0, y1, n)):
            x, t = self.u(-0.1, 1), (y - y0) / (y1 - y0)
            w, h = self.u(0.04, 0.1) * (0.5 + t), 0.002 + 0.003 * t
            under = self.image.getpixel((int(np.clip(x, 0, 0.99) * self.side), int(y * self.side)))
            self.rect(x, y, x + w, y + h, mix(under, colour, strength), h / 2)

    # --- rooms ------------------------------------------------------------------------------------------------------------------------------
    def floor(self, y, far, near, spread=5.0):
        """A floor with the soft shadow a wall throws on it."""
        self.gradient(far, near, y, 1, spread=spread)
        self.haze(y, y + 0.07, mix(far, (30, 20, 30), 0.55), 0.45, rising=False)

    def planks(self, y, colour, n=9):
        self.floor(y, mix(colour, (0, 0, 0), 0.08), colour)
        for k in range(-n, 2 * n + 1):
            far, near = 0.5 + (k / n - 0.5) * 1.0, 0.5 + (k / n - 0.5) * 2.2
            self.line([(far, y), (near, 1)], mix(colour, (40, 20, 10), 0.28), 0.0025)

    def tiles(self, y, a, b, n=8):
        """A chequered floor in perspective."""
        self.gradient(a, a, y, 1, spread=0)
        rows = [y + (1 - y) * (k / 6) ** 1.6 for k in range(7)]
        for j, (y0, y1) in enumerate(pairwise(rows)):
            spread0, spread1 = 1 + 1.2 * (y0 - y) / (1 - y), 1 + 1.2 * (y1 - y) / (1 - y)
            for k in range(-n, 2 * n):
                if (k + j) % 2:
                    xs = [0.5 + (q / n - 0.5) * s for q, s in ((k, spread0), (k + 1, spread0), (k + 1, spread1), (k, spread1))]
                    self.polygon(list(zip(xs, (y0, y0, y1, y1))), b)
        self.haze(y, y + 0.08, (40, 30, 40), 0.3, rising=False)

    def window(self, x0, y0, x1, y1, frame=(250, 250, 248), sky=None, bars=(1, 1)):
        top, bottom = sky or self.pick((((140, 200, 245), (225, 242, 252)), ((250, 200, 150), (252, 236, 205)), ((60, 80, 140), (120, 130, 185))))
        self.rect(x0 - 0.015, y0 - 0.015, x1 + 0.015, y1 + 0.015, frame)
        steps = 16
        for k in range(steps):
            self.rect(x0, y0 + (y1 - y0) * k / steps, x1, y0 + (y1 - y0) * (k + 1) / steps + 0.001, mix(top, bottom, k / (steps - 1)))
        for k in range(1, bars[0] + 1):
            x = x0 + (x1 - x0) * k / (bars[0] + 1)
            self.rect(x - 0.006, y0, x + 0.006, y1, frame)
        for k in range(1, bars[1] + 1):
            y = y0 + (y1 - y0) * k / (bars[1] + 1)
            self.rect(x0, y - 0.006, x1, y + 0.006, frame)
        self.rect(x0 - 0.025, y1 + 0.012, x1 + 0.025, y1 + 0.028, mix(frame, (120, 110, 110), 0.2))
