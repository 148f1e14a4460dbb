"""A rotating store of encoded scenes on the training's device: composing and encoding stay a small part of a step while every scene is seen
only a few times."""

from __future__ import annotations

import torch
from torch import Tensor

from ..data.plans import PlanBatch
from ..model.vae import LATENT_CHANNELS
from .placements import last_token, layers_of

TOKENS, THINGS, SIDE = 32, 6, 16


class EncodedScenes:
    def __init__(self, capacity: int, encode, composer, device: torch.device):
        """encode(pictures [n, 3, 256, 256]) → normalised latents."""
        self.encode, self.composer, self.device, self.capacity, self.made = encode, composer, device, capacity, 0
        zeros = lambda *shape, dtype: torch.zeros(capacity, *shape, dtype=dtype, device=device)
        self.fields = {
            "latents": zeros(LATENT_CHANNELS, SIDE, SIDE, dtype=torch.float16),
            "ids": zeros(TOKENS, dtype=torch.int32),
            "fine": zeros(2, SIDE, SIDE, dtype=torch.int8),
            "coarse": zeros(2, SIDE // 2, SIDE // 2, dtype=torch.int8),
            "box": zeros(THINGS, 4, dtype=torch.float32),
            "mirror": zeros(THINGS, dtype=torch.bool),
            "carrier": zeros(THINGS, dtype=torch.int8),
            "sprite": zeros(THINGS, dtype=torch.int16),
        }

    @torch.no_grad()
    def add(self, batch: PlanBatch) -> None:
        # The composer reads its plan on the host: nothing waits for the device.
        pictures, coverage = self.composer.compose(batch.arrays())
        plan = batch.to(self.device)
        n = len(pictures)
        at = torch.arange(self.made, self.made + n, device=self.device) % self.capacity
        values = {
            "latents": self.encode(pictures), "ids": plan["ids"], "fine": layers_of(coverage), "coarse": layers_of(torch.nn.functional.avg_pool2d(coverage, 2)),
            "box": plan["box"], "mirror": plan["mirror"], "carrier": last_token(plan["tokens"]),
            "sprite": torch.where(plan["hue"] < 0, plan["sprite"], -1),  # a recoloured thing is not its icon
        }  # fmt: skip
        for name, value in values.items():
            self.fields[name][at] = value.to(self.fields[name].dtype)
        self.made += n

    @property
    def size(self) -> int:
        return min(self.made, self.capacity)

    def draw(self, n: int) -> dict[str, Tensor]:
        i = torch.randint(0, self.size, (n,), device=self.device)
        batch = {name: value[i] for name, value in self.fields.items()}
        return batch | {"latents": batch["latents"].float()} | {name: batch[name].long() for name in ("ids", "fine", "coarse", "carrier", "sprite")}
