"""Backgrounds: every place, the plain colours and `calm`, painted by seed; and the pool of them that the composer crops from."""

from __future__ import annotations

import hashlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from . import canvas as canvas_module
from . import interiors, landscapes
from .canvas import Canvas, mix
from .concepts import grammar

SIZE = 256
POOL_SIZE = 288  # a picture shows any 256 px of it
COLORS = {
    "white": (250, 250, 250),
    "blue": (90, 150, 240),
    "yellow": (250, 215, 80),
    "pink": (250, 170, 200),
    "green": (120, 200, 120),
    "purple": (170, 130, 220),
    "orange": (245, 165, 80),
    "black": (28, 28, 34),
    "gray": (150, 150, 155),
    "red": (230, 80, 80),
}


def plain(name: str):
    """One colour, lit softly from somewhere above, as a studio's paper roll is."""

    def paint(c: Canvas):
        colour = c.jitter(COLORS[name], 4)
        light, dark = mix(colour, (255, 255, 255), 0.1 if name != "black" else 0.06), mix(colour, (0, 0, 0), c.u(0.03, 0.09))
        c.gradient(colour, dark, spread=0)
        c.glow(c.u(0.25, 0.75), c.u(0.15, 0.5), c.u(0.6, 0.9), light, 0.8)

    return paint


def calm(c: Canvas):
    """Nothing in particular: two or three related tints that run into each other."""
    base = c.pick(
        (
            (214, 228, 240),
            (240, 226, 214),
            (226, 236, 222),
            (236, 224, 238),
            (244, 236, 216),
            (212, 232, 232),
            (232, 232, 236),
            (246, 220, 220),
            (198, 214, 232),
            (222, 206, 190),
            (190, 210, 196),
            (206, 196, 222),
            (172, 190, 206),
            (188, 178, 172),
            (150, 172, 184),
            (176, 190, 168),
        )
    )
    other = mix(base, c.pick(((255, 240, 220), (220, 236, 255), (255, 226, 236), (236, 255, 240), (190, 190, 220), (255, 255, 255))), c.u(0.3, 0.7))
    c.gradient(base, other, spread=5)
    for _ in range(int(c.rng.integers(1, 4))):
        c.glow(c.u(-0.1, 1.1), c.u(-0.1, 1.1), c.u(0.6, 1.1), c.jitter(mix(base, other, c.u(-0.4, 1.4)), 6), c.u(0.3, 0.7))
    if c.u(0, 1) < 0.35:  # a floor that one rather feels than sees
        c.haze(0.62, 1.0, mix(base, (110, 110, 130), 0.35), 0.35)


PLACES = tuple(grammar()["places"])
BACKGROUNDS = (*PLACES, *COLORS, "calm")  # plans hold indices into this
_ALL = landscapes.LANDSCAPES | interiors.INTERIORS | {name: plain(name) for name in COLORS} | {"calm": calm}
PAINTERS = {name: _ALL[name] for name in BACKGROUNDS}


def paint(kind: str, rng: np.random.Generator, size: int = POOL_SIZE) -> Image.Image:
    canvas = Canvas(rng, size)
    PAINTERS[kind](canvas)
    return canvas.finished()


def paint_background(kind: str, rng: np.random.Generator) -> Image.Image:
    """256x256 RGB."""
    return paint(kind, rng, SIZE)


def _paint_pool_part(job: tuple[int, range]) -> np.ndarray:
    kind, seeds = job
    return np.stack([np.asarray(paint(BACKGROUNDS[kind], np.random.default_rng([7, kind, seed]))) for seed in seeds])


def background_pool(folder: Path, seeds: int, workers: int = 1) -> np.ndarray:
    """uint8 [backgrounds, seeds, 288, 288, 3], painted by `workers` processes and kept in `folder`; another edition of the painters, another file."""
    source = b"".join(Path(module.__file__).read_bytes() for module in (canvas_module, interiors, landscapes)) + Path(__file__).read_bytes()
    path = folder / f"backgrounds-{seeds}-{hashlib.sha256(source).hexdigest()[:12]}.npy"
    if not path.exists():
        step = 8  # a forest takes ten times as long as an office: small parts, so that all processes end together
        jobs = [(kind, range(first, min(first + step, seeds))) for kind in range(len(BACKGROUNDS)) for first in range(0, seeds, step)]
        if workers > 1:
            with ProcessPoolExecutor(workers) as pool:
                parts = list(pool.map(_paint_pool_part, jobs))
        else:
            parts = list(map(_paint_pool_part, jobs))
        painted = np.concatenate(parts).reshape(len(BACKGROUNDS), seeds, POOL_SIZE, POOL_SIZE, 3)
        unfinished = folder / f"{path.stem}.{np.random.default_rng().integers(2**31)}.part"
        with unfinished.open("wb") as file:
            np.save(file, painted)
        unfinished.rename(path)
    return np.load(path, mmap_mode="r")
