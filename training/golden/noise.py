"""Philox-4x32-10 in torch's CUDA layout, written with numpy's 64-bit integers: a second opinion on diffusion/noise/philox.ts.

After Salmon et al. 2011 and torch's CUDA `randn`: counter (draw, 0, element, 0), key = seed, first two words to Box-Muller.
"""

import numpy as np

MASK = np.uint64(0xFFFFFFFF)


def philox_randn(seed: int, draw: int, size: int) -> np.ndarray:
    """float32 [size], the values of `torch.randn(size, device="cuda")` after `draw` earlier calls."""
    c = [np.full(size, draw, np.uint64), np.zeros(size, np.uint64), np.arange(size, dtype=np.uint64), np.zeros(size, np.uint64)]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [
            (p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0),
            p1 & MASK,
            (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1),
            p0 & MASK,
        ]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    u = (c[0].astype(np.float64) + 0.5) * 2.0**-32
    v = (c[1].astype(np.float64) + 0.5) * np.float64(np.float32(2.3283064e-10 * 6.2831855))
    return (np.sqrt(-2 * np.log(u)) * np.sin(v)).astype(np.float32)


class Noise:
    """Draws of one image's run, in order, as float64."""

    def __init__(self, seed: int, size: int):
        self.seed, self.size, self.position = seed, size, 0

    def next(self) -> np.ndarray:
        values = philox_randn(self.seed, self.position, self.size).astype(np.float64)
        self.position += 1
        return values
