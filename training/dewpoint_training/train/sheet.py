"""A sheet of the usual prompts, to look at while training and after it."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..model.few_step import sample_lcm
from ..model.schedule import sample_ddim
from ..model.text import encode_prompts

SHEET_PROMPTS = [
    "a panda eating tacos at the beach", "a fox in the snow", "a rocket in space", "an owl reading a book in a library",
    "a red car on the road", "two cats on a couch", "a wizard riding a dragon, watercolour", "a pizza",
    "three apples on a table in the kitchen", "a robot holding a balloon in the city", "a penguin wearing a top hat", "a blue fish underwater",
    "a lion to the left of an elephant", "a castle at sunset", "pixel art of a knight", "portrait of a cyberpunk samurai, 8k, masterpiece",
    "a happy face", "an astronaut on the moon, oil painting", "a cat sleeping in a bedroom", "a cactus in the desert at golden hour",
    "a doctor in a hospital", "a turtle under a palm tree", "a ghost in a graveyard, neon", "five stars",
]  # fmt: skip


@torch.no_grad()
def draw(unet, text, autoencoder, prompts: list[str], seed: int = 0, steps: int = 25, guidance: float = 3.0, few: bool = False) -> Tensor:
    """Pictures [n, 3, 256, 256] in 0..1; `few`: by LCM sampling, for a distilled U-Net."""
    device = next(unet.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(prompts), 16, 16, 16, generator=generator).to(device)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        embed = lambda captions: text(encode_prompts(captions).to(device))
        predict = lambda z, t, c: unet(z.contiguous(memory_format=torch.channels_last), t, c).float()
        context = embed(prompts)
        if few:
            fresh = [torch.Generator().manual_seed(seed * 1000 + i) for i in range(len(prompts))]
            z = sample_lcm(predict, noise, context, steps, fresh)
        else:
            z = sample_ddim(predict, noise, context, embed([""]).expand(len(prompts), -1, -1), steps, guidance)
    return autoencoder.decode(z).clamp(0, 1)


def grid(pictures: Tensor, columns: int) -> Image.Image:
    n, _, h, w = pictures.shape
    rows = -(-n // columns)
    sheet = torch.zeros(rows * columns, 3, h, w)
    sheet[:n] = pictures.float().cpu()
    sheet = sheet.reshape(rows, columns, 3, h, w).permute(0, 3, 1, 4, 2).reshape(rows * h, columns * w, 3)
    return Image.fromarray((sheet * 255).round().byte().numpy())


def save_sheet(path: Path, unet, text, autoencoder, prompts: list[str] = SHEET_PROMPTS, columns: int = 6, **how) -> None:
    grid(draw(unet, text, autoencoder, prompts, **how), columns).save(path, quality=90)
