"""What every icon looks like in latents, 128 px large on grey: one latent and its coverage a cell of a look. The first channels of looks are taught to be that.

Without it looks are learnt from scenes alone, through placing and painting, and after 640 thousand samples two thirds of what things look like were still
unexplained; regression on the icons themselves explains as much within minutes, for a thing that comes up once in thousands as well as for a panda.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..data.concepts import all_concepts
from ..data.looks import BACKGROUNDS, SETS
from ..data.plans import PlanBatch
from ..model.checkpoint import Autoencoder, save_state
from ..model.unet import Looks
from ..model.vae import DOWNSCALE, LATENT_CHANNELS

CHANNELS = LATENT_CHANNELS + 1
SIDE = Looks.SIDE * DOWNSCALE  # px
BATCH = 256


def plain_plan(sprites: np.ndarray, corner: int) -> PlanBatch:
    """Each sprite alone, upright, its square's upper left corner on the latents' grid."""
    plan = PlanBatch.empty(len(sprites))
    plan.background[:] = BACKGROUNDS.index("gray")
    plan.sprite[:, 0] = sprites
    plan.box[:, 0] = corner + SIDE / 2, corner + SIDE / 2, SIDE, 0
    return plan


def likenesses(composer, autoencoder: Autoencoder, data: Path) -> Tensor:
    """float16 [concepts * 3, 64, 17]: normalised latents less those of the empty picture, and coverage. Kept in the data folder for this autoencoder."""
    key = hashlib.sha256(b"".join(value.cpu().numpy().tobytes() for value in autoencoder.vae.state_dict().values())).hexdigest()[:12]
    kept = data / f"likenesses-{key}.pt"
    if not kept.exists():
        save_state({"likenesses": drawn(composer, autoencoder).cpu()}, kept)
    return torch.load(kept, weights_only=True)["likenesses"]


@torch.no_grad()
def drawn(composer, autoencoder: Autoencoder) -> Tensor:
    corner = (256 - SIDE) // 2 // DOWNSCALE
    window = slice(corner, corner + Looks.SIDE)
    compose = lambda sprites: composer.compose(plain_plan(sprites, corner * DOWNSCALE).arrays())
    empty = autoencoder.encode(compose(np.full(1, -1))[0])
    everything, found = np.arange(len(all_concepts()) * len(SETS)), []
    for at in range(0, len(everything), BATCH):
        pictures, coverage = compose(everything[at : at + BATCH])
        both = torch.cat([autoencoder.encode(pictures) - empty, coverage[:, :1]], 1)[:, :, window, window]
        found.append(both.flatten(2).transpose(1, 2).half())
    return torch.cat(found)
