"""A rotating pool of encoded scenes: rendering and encoding stay a few per cent of training while every scene is seen only some times."""
from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from .concepts import all_concepts, noun_tokens
from .grid_scenes import SceneGenerator, render_scene
from .sprites import Sprites
from ..model.unet import Appearance, Placing
from ..model.vae import DOWNSCALE, LATENT_CHANNELS

LATENT_SIZE = 16
PLACE = 2 * DOWNSCALE  # px


@lru_cache
def _concepts() -> dict:
    return {c.label: c for c in all_concepts()}


@torch.no_grad()
def encode_pictures(vae, pictures: np.ndarray) -> torch.Tensor:
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return vae.encode(x).float().contiguous()


def object_mask(scene) -> np.ndarray:
    mask = np.zeros((LATENT_SIZE, LATENT_SIZE), np.float32)
    for p in scene.placements:
        x0, y0 = max(0, p.x // DOWNSCALE), max(0, p.y // DOWNSCALE)
        mask[y0 : (p.y + p.size) // DOWNSCALE, x0 : (p.x + p.size) // DOWNSCALE] = 1
    return mask


def placement_targets(scene, encoding) -> np.ndarray:
    """int16 [2, 64]: for every 32 px place which cell of which token it shows (token * 54 + cell), in front and behind that; see `placement_loss`."""
    places = LATENT_SIZE // 2
    target = np.full((2, places, places), Placing.NOTHING, np.int16)
    for p in scene.placements:  # painted in this order: the last is in front
        tokens = noun_tokens(scene.caption, _concepts()[p.label], encoding)
        side = p.size // PLACE
        first = Appearance.FIRST[Appearance.SIDES.index(side)]
        for row in range(side):
            for column in range(side):
                y, x = p.y // PLACE + row, p.x // PLACE + column
                if 0 <= y < places and 0 <= x < places:
                    target[1, y, x] = target[0, y, x]
                    target[0, y, x] = tokens[-1] * Appearance.CELLS + first + row * side + column if tokens else -1
    return target.reshape(2, -1)


class ScenePool:
    def __init__(self, capacity: int, sprites: Sprites, vae, tokenizer, split: int):
        self.sprites, self.vae, self.tokenizer, self.split = sprites, vae, tokenizer, split
        self.generators = {mix: SceneGenerator(sprites, mix) for mix in ("objects", "scenes")}
        self.capacity = capacity
        self.counters = torch.zeros(2, dtype=torch.int64).share_memory_()  # made, first: the buffers may be shared with another process
        self.latents = torch.zeros(capacity, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE, dtype=torch.float16).share_memory_()
        self.ids = torch.zeros(capacity, 32, dtype=torch.int32).share_memory_()
        self.places = torch.full((capacity, 2, (LATENT_SIZE // 2) ** 2), -1, dtype=torch.int16).share_memory_()
        self.masks = torch.zeros(capacity, LATENT_SIZE, LATENT_SIZE, dtype=torch.uint8).share_memory_()

    @property
    def made(self) -> int:
        return int(self.counters[0])

    @made.setter
    def made(self, value: int) -> None:
        self.counters[0] = value

    @property
    def first(self) -> int:
        return int(self.counters[1])

    @first.setter
    def first(self, value: int) -> None:
        self.counters[1] = value

    @property
    def size(self) -> int:
        return min(self.made, self.capacity)

    def make(self, n: int, object_share: float):
        """Adds n scenes (one process at a time), the oldest leaving first. Scene k of a split is the same scene whenever it is made with the same share."""
        scenes = []
        for k in range(self.first + self.made, self.first + self.made + n):
            mix = "objects" if np.random.default_rng([self.split, k, 1]).random() < object_share else "scenes"
            scenes.append(self.generators[mix].scene([self.split, k]))
        pictures = np.stack([np.asarray(render_scene(s, self.sprites)) for s in scenes])
        at = torch.arange(self.made, self.made + n) % self.capacity
        self.latents[at] = encode_pictures(self.vae, pictures).half()
        encodings = self.tokenizer.encode_batch([s.caption for s in scenes])
        self.ids[at] = torch.tensor([e.ids for e in encodings]).int()
        self.places[at] = torch.from_numpy(np.stack([placement_targets(s, e) for s, e in zip(scenes, encodings)]))
        self.masks[at] = torch.from_numpy(np.stack([object_mask(s) for s in scenes])).byte()
        self.made += n
        return scenes, pictures

    def draw(self, n: int, generator: torch.Generator):
        i = torch.randint(0, self.size, (n,), generator=generator)
        return self.latents[i].float(), self.ids[i].long(), self.masks[i].float(), self.places[i].long()

    def save(self, path) -> None:
        n = self.size
        torch.save({"latents": self.latents[:n], "ids": self.ids[:n], "masks": self.masks[:n], "places": self.places[:n], "counters": self.counters}, path)

    def load(self, path) -> None:
        state = torch.load(path)
        n = len(state["latents"])
        for name in ("latents", "ids", "masks", "places"):
            getattr(self, name)[:n] = state[name]
        self.counters.copy_(state["counters"])
