"""Scenes as pictures of the renderer: what the judge is judged on, and what a model's pictures are compared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..data.compose import Composer
from ..data.plans import to_plan
from ..data.scenes import Scene
from .detector import PICTURE


class Renders:
    """Scenes → pictures, uint8 [n, 256, 256, 3]."""

    def __init__(self, composer: Composer):
        self.composer = composer
        self.batch = 32 if composer.device.type == "cpu" else 256

    def __call__(self, scenes: list[Scene]) -> np.ndarray:
        out = np.empty((len(scenes), PICTURE, PICTURE, 3), np.uint8)
        for at in range(0, len(scenes), self.batch):
            pictures, _ = self.composer.compose(to_plan(scenes[at : at + self.batch]).to("cpu"))
            out[at : at + self.batch] = (pictures * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return out


def other_render(scene: Scene, k: int) -> Scene:
    """The same scene before another painting of its background; 0: the render it came with."""
    return replace(scene, background_seed=scene.background_seed ^ k)
