"""Reading what training wrote: the averaged weights of a checkpoint, or the float16 file that is kept to go on from."""
from __future__ import annotations

from pathlib import Path

import torch

from .text import FrozenMiniLM, TextEncoder
from .unet import UNet


def load_models(path: Path) -> tuple[UNet, TextEncoder, dict]:
    """(U-Net, text encoder, the checkpoint's other fields), averaged weights, float32, evaluation mode."""
    state = torch.load(path, weights_only=False, map_location="cpu")
    config = state["config"]
    unet = UNet(channels=tuple(config["channels"]), depth=config["depth"])
    text = TextEncoder(FrozenMiniLM.from_package(), depth=config["text_depth"])
    unet.load_state_dict({k: v.float() for k, v in state["ema_unet"].items()})
    text.load_state_dict({k: v.float() for k, v in state["ema_text"].items()}, strict=False)
    return unet.eval().requires_grad_(False), text.eval().requires_grad_(False), state
