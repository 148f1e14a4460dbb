"""What an autoencoder keeps of a picture, on the 24 all of them are held to."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from ..data.concepts import DATA
from .detector import PICTURE


def reconstruction_scenes() -> np.ndarray:
    """The 24 pictures every autoencoder here is held to, uint8 [24, 256, 256, 3]: scenes [5, 0] to [5, 23] of the grammar before this one, kept
    as they were."""
    sheet = np.asarray(Image.open(DATA / "reconstruction.webp").convert("RGB"))
    return sheet.reshape(4, PICTURE, 6, PICTURE, 3).swapaxes(1, 2).reshape(24, PICTURE, PICTURE, 3)


@torch.no_grad()
def reconstruction(autoencoder, pictures: np.ndarray) -> dict[str, float]:
    """PSNR over all pictures, and the energy of horizontal edges against the truth's: below 1 is soft."""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    y = torch.cat([autoencoder.decode(autoencoder.encode(part)) for part in x.split(8)])
    edges = lambda t: (t[..., 1:] - t[..., :-1]).abs().mean()
    return {"PSNR, dB": round(-10 * torch.log10((y.clamp(0, 1) - x).square().mean()).item(), 2), "edge energy": round((edges(y) / edges(x)).item(), 3)}
