"""The shapes measured: diffusers' configs of Stable Diffusion 1.5 and XL, and tiny ones of the same kind for machines without a card."""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

SD15 = {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8, "block_out_channels": (320, 640, 1280, 1280)}
SDXL = {
    "sample_size": 128,
    "cross_attention_dim": 2048,
    "attention_head_dim": (5, 10, 20),
    "block_out_channels": (320, 640, 1280),
    "transformer_layers_per_block": (1, 2, 10),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
VAE = {
    "sample_size": 512,
    "latent_channels": 4,
    "layers_per_block": 2,
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}

# `sides`: of the latents; `batches`: rows of one call. A picture with guidance is two rows.
GRAPHS = {
    "real": {
        "sd15": {"kind": "unet", "config": SD15, "side": 64, "batches": (1, 4, 8, 2), "fuse": True},
        "vae": {"kind": "vae", "config": VAE, "side": 64, "batches": (1, 4), "fuse": False},
        "sdxl": {"kind": "unet", "config": SDXL, "side": 128, "batches": (1, 4), "pooled": 1280, "fuse": False},
    },
    "tiny": {
        "sd15": {"kind": "unet", "config": SD15 | {"block_out_channels": (32, 64, 64, 64), "sample_size": 16}, "side": 16, "batches": (1, 4), "fuse": True},
        "vae": {"kind": "vae", "config": VAE | {"block_out_channels": (32, 32, 64, 64), "sample_size": 64}, "side": 8, "batches": (1,), "fuse": False},
        "sdxl": {
            "kind": "unet",
            "side": 16,
            "batches": (1,),
            "pooled": 1280,
            "fuse": False,
            "config": SDXL
            | {"block_out_channels": (32, 64, 128), "attention_head_dim": (2, 4, 8), "transformer_layers_per_block": (1, 1, 2), "sample_size": 16},
        },
    },
}


def build_meta(size: str, name: str) -> torch.nn.Module:
    """The module without memory for its weights."""
    entry = GRAPHS[size][name]
    with torch.device("meta"):
        return (UNet2DConditionModel if entry["kind"] == "unet" else AutoencoderKL)(**entry["config"])


def sample_inputs(size: str, name: str, batch: int, device="cpu") -> dict[str, torch.Tensor]:
    """The same numbers for every engine: float32, by name of the graph's input."""
    entry = GRAPHS[size][name]
    noise = torch.Generator().manual_seed(7)
    randn = lambda *dims: torch.randn(*dims, generator=noise).to(device)
    if entry["kind"] == "vae":
        return {"latent_sample": randn(batch, 4, entry["side"], entry["side"])}
    inputs = {
        "sample": randn(batch, 4, entry["side"], entry["side"]),
        "timestep": torch.linspace(900, 100, batch).to(device),
        "encoder_hidden_states": randn(batch, 77, entry["config"]["cross_attention_dim"]),
    }
    if "pooled" in entry:
        inputs |= {"text_embeds": randn(batch, entry["pooled"]), "time_ids": torch.tensor([[1024.0, 1024, 0, 0, 1024, 1024]] * batch).to(device)}
    return inputs
