"""diffusers' noise as the core draws it: Philox in torch's CUDA layout, in the order diffusers asks for it."""

import math
import sys

import torch

from ..noise import philox_randn


class PhiloxStream:
    """Stands in for diffusers' randn_tensor: the next draw of one image's noise."""

    def __init__(self, seed: int):
        self.seed, self.position = seed, 0

    def __call__(self, shape, generator=None, device=None, dtype=None, layout=None):
        values = philox_randn(self.seed, self.position, math.prod(shape))
        self.position += 1
        return torch.from_numpy(values).reshape(tuple(shape)).to(dtype or torch.float32)


def use_noise(stream: PhiloxStream) -> None:
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("diffusers.") and hasattr(module, "randn_tensor"):
            module.randn_tensor = stream
