"""Which style, and which hue, a thing is drawn in: that whose own drawing of it differs least from the picture.

The detector names the thing and where it stands; telling a shaded icon from a flat one, or orange from red, is then a comparison, not something to be learnt.
"""
from __future__ import annotations

import numpy as np

from .seen import Detection
from ..data.sprites import HUES, STYLES, Sprites

SIZES = (64, 96, 128, 160)  # px, what scenes are composed of
SEARCH = (6, 3, 1)  # px a step: around where the detector says it stands, then around the best so far
STRIDE = 2  # every second pixel is enough


def difference(picture: np.ndarray, sprite: np.ndarray, x: int, y: int) -> float:
    """Mean squared difference of float [h, w, 3] and a float RGBA sprite whose corner stands at x, y, over what the sprite covers of the picture."""
    h, w = picture.shape[:2]
    x0, y0, x1, y1 = max(0, x), max(0, y), min(w, x + sprite.shape[1]), min(h, y + sprite.shape[0])
    if x1 <= x0 or y1 <= y0:
        return np.inf
    part = sprite[y0 - y : y1 - y : STRIDE, x0 - x : x1 - x : STRIDE]
    cover = part[..., 3:] > 0.9
    error = np.square(picture[y0:y1:STRIDE, x0:x1:STRIDE] - part[..., :3]) * cover
    return float(error.sum() / max(1.0, cover.sum() * 3))


def best_difference(pixels: np.ndarray, detection: Detection, label: str, style: str, color: str | None, sprites: Sprites) -> float:
    """Of the drawing moved about a little. One size only: a smaller plain drawing fits inside a larger one of any style."""
    size = min(SIZES, key=lambda size: abs(np.log(size / detection.size)))
    sprite = np.asarray(sprites.get(label, style, size, color), dtype=np.float32) / 255
    x, y = round(detection.x - size / 2), round(detection.y - size / 2)
    for step in SEARCH:
        error, x, y = min((difference(pixels, sprite, x + dx, y + dy), x + dx, y + dy) for dx in (-step, 0, step) for dy in (-step, 0, step))
    return error


def match_style(picture: np.ndarray, detection: Detection, sprites: Sprites) -> str:
    """picture uint8 [256, 256, 3]"""
    pixels = picture.astype(np.float32) / 255
    return min(STYLES, key=lambda style: min(best_difference(pixels, detection, detection.label, style, color, sprites) for color in (None, detection.color)))


def match_color(picture: np.ndarray, detection: Detection, label: str, style: str, sprites: Sprites) -> str:
    """The hue of a thing that comes in hues. picture uint8 [256, 256, 3]"""
    pixels = picture.astype(np.float32) / 255
    return min(HUES, key=lambda hue: best_difference(pixels, detection, label, style, hue, sprites))
