"""Icon sprites: 192 px RGBA renders of the icon sets, resized, mirrored and recoloured on demand."""
from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

STYLES = {"3d": "fluent-emoji", "flat": "fluent-emoji-flat", "cartoon": "noto"}
SPRITE_SIZE = 192
# Target hues in degrees. White, black and grey have no hue and are left to the icons that are born so.
HUES = {"red": 358, "orange": 28, "yellow": 50, "green": 125, "blue": 215, "purple": 275, "pink": 325}


class Sprites:
    def __init__(self, folder: Path):
        meta = json.loads((folder / "sprites192.json").read_text())
        self.pixels = np.memmap(folder / "sprites192.bin", np.uint8, "r").reshape(len(meta), SPRITE_SIZE, SPRITE_SIZE, 4)
        self.index = {(m["label"], m["set"]): i for i, m in enumerate(meta)}
        self.get = lru_cache(20000)(self._get)

    def has(self, label: str, style: str) -> bool:
        return (label, STYLES[style]) in self.index

    def _get(self, label: str, style: str, size: int, color: str | None = None, flip: bool = False) -> Image.Image:
        image = Image.fromarray(np.asarray(self.pixels[self.index[label, STYLES[style]]]), "RGBA")
        if color:
            image = recolour(image, HUES[color])
        # Resizing with premultiplied alpha keeps the transparent surroundings from bleeding in as a dark rim.
        image = image.convert("RGBa").resize((size, size), Image.LANCZOS).convert("RGBA")
        return image.transpose(Image.FLIP_LEFT_RIGHT) if flip else image


def recolour(image: Image.Image, hue: float) -> Image.Image:
    """Turns the dominant hue to `hue`; other saturated colours turn by the same angle, greys stay."""
    alpha = image.getchannel("A")
    hsv = np.asarray(image.convert("RGB").convert("HSV")).astype(np.int16)
    weight = hsv[..., 1] * (np.asarray(alpha) > 128) * (hsv[..., 2] > 40)
    dominant = np.bincount(hsv[..., 0].ravel(), weight.ravel(), 256)
    smooth = sum(np.roll(dominant, k) for k in range(-6, 7))
    peak = int(smooth.argmax())
    offset = (hsv[..., 0] - peak + 128) % 256 - 128
    near = np.abs(offset) < 36  # the object's own shades move together; a differently coloured detail stays itself
    hsv[..., 0] = np.where(near, (round(hue / 360 * 256) + offset // 2) % 256, hsv[..., 0])
    out = Image.fromarray(hsv.astype(np.uint8), "HSV").convert("RGB").convert("RGBA")
    out.putalpha(alpha)
    return out
