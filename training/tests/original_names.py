"""A diffusers folder's weights under the names of Stable Diffusion 1's original code, in one file: what people share as a checkpoint.

Written from that code's module tree (ldm/modules/diffusionmodules/{openaimodel,model}.py), not from diffusers' reader of it.
"""

import re
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextModel

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
LAYERS = 2


def save_checkpoint(folder: Path, path: Path) -> None:
    unet, vae, text = (
        kind.from_pretrained(folder / part).state_dict()
        for kind, part in ((UNet2DConditionModel, "unet"), (AutoencoderKL, "vae"), (CLIPTextModel, "text_encoder"))
    )
    tensors = {f"model.diffusion_model.{unet_name(name)}": tensor for name, tensor in unet.items()}
    tensors |= {f"first_stage_model.{vae_name(name)}": vae_shape(name, tensor) for name, tensor in vae.items()}
    tensors |= {f"cond_stage_model.transformer.text_model.{name.removeprefix('text_model.')}": tensor for name, tensor in text.items()}
    # What the trainer kept beside the weights, and real checkpoints still carry.
    tensors |= {
        "betas": torch.linspace(0.00085, 0.012, 1000),
        "model_ema.decay": torch.tensor(0.9999),
        "cond_stage_model.transformer.text_model.embeddings.position_ids": torch.arange(77)[None],
    }
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)


def unet_name(name: str) -> str:
    for ours, theirs in UNET_ENDS.items():
        if name.startswith(ours + "."):
            return theirs + name.removeprefix(ours)
    side, *rest = name.split(".")
    if side == "mid_block":
        kind, index, *inner = rest
        return ".".join(["middle_block", "1" if kind == "attentions" else str(2 * int(index)), renamed(inner, RESNET)])
    level, kind, index, *inner = rest
    level, index = int(level), int(index)
    if kind == "downsamplers":
        return ".".join([f"input_blocks.{(LAYERS + 1) * (level + 1)}.0.op", *inner[1:]])
    if kind == "upsamplers":
        # After the attention, which the first level has not.
        return ".".join([f"output_blocks.{(LAYERS + 1) * level + LAYERS}.{1 if level == 0 else 2}", *inner])
    block = f"input_blocks.{(LAYERS + 1) * level + index + 1}" if side == "down_blocks" else f"output_blocks.{(LAYERS + 1) * level + index}"
    return ".".join([block, "0" if kind == "resnets" else "1", renamed(inner, RESNET)])


def vae_name(name: str) -> str:
    name = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    # The original counts a decoder's levels from the picture.
    name = re.sub(r"up_blocks\.(\d)\.resnets", lambda found: f"up.{3 - int(found[1])}.block", name)
    name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda found: f"up.{3 - int(found[1])}.upsample", name)
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
    name = name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
    head, attention, inner = name.partition("mid_block.attentions.0.")
    return f"{head}mid.attn_1.{renamed(inner.split('.'), VAE_ATTENTION)}" if attention else name


def vae_shape(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """The original's attention is made of convolutions of one pixel."""
    return tensor[:, :, None, None] if "attentions" in name and tensor.ndim == 2 else tensor


def renamed(inner: list[str], names: dict[str, str]) -> str:
    path = ".".join(inner)
    for ours, theirs in names.items():
        if path.startswith(ours + "."):
            return theirs + path.removeprefix(ours)
    return path
