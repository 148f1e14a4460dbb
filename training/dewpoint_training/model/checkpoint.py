"""Reading what training wrote: the averaged weights of a checkpoint, or of an exported model folder."""
from __future__ import annotations

import json
import os
from pathlib import Path

import torch

from .text import FrozenMiniLM, TextEncoder
from .unet import UNet
from .vae import VAE

SHIPPED = Path(__file__).parents[3] / "models" / "dewpoint"


def onnx_weights(path: Path) -> dict[str, torch.Tensor]:
    """The weights of an exported graph under their torch names, widened to float32."""
    import numpy as np
    import onnx

    stored = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    weights = {}
    for name, value in stored.items():
        if name.endswith("_scale"):
            continue
        if name.endswith("_int8"):
            name = name.removesuffix("_int8")
            value = value.astype(np.float32) * stored[name + "_scale"]
        name = name.removesuffix("_fp16")
        if name.endswith(".T"):
            name, value = name.removesuffix(".T"), value.T
        if value.dtype in (np.float16, np.float32):
            weights[name] = torch.from_numpy(value.astype(np.float32).copy())
    return weights


def load_state(path: Path) -> dict:
    """A checkpoint's fields; of an exported folder the weights, the architecture and the samples seen."""
    if not path.is_dir():
        return torch.load(path, weights_only=False, map_location="cpu")
    about = json.loads((path / "unet" / "config.json").read_text())
    text = {k: v for k, v in onnx_weights(path / "text_encoder" / "model.onnx").items() if not k.startswith("frozen.")}
    return {"ema_unet": onnx_weights(path / "unet" / "model.onnx"), "ema_text": text, "samples": about["training_samples"], "config": about["training_config"]}


def save_state(state: dict, path: Path) -> None:
    """Whole or not at all: a process killed while it writes leaves the old file."""
    torch.save(state, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def load_autoencoder(data: Path) -> tuple[VAE, torch.Tensor, float]:
    """(the autoencoder, its latents' mean [16, 1, 1] and standard deviation): the work folder's own where `train-vae` made one, else the shipped one."""
    vae = VAE()
    if (data / "vae.pt").exists():
        state = torch.load(data / "vae.pt", weights_only=True, map_location="cpu")
        weights, mean, scale = state["weights"], state["mean"], state["scale"]
    else:
        decoder, encoder = (onnx_weights(SHIPPED / name / "model.onnx") for name in ("vae_decoder", "vae_encoder"))
        mean, scale = decoder["mean"], scalar_of(SHIPPED / "vae_decoder" / "model.onnx")
        weights = {name.replace("encoder", "e", 1).replace("decoder", "d", 1): value for name, value in (encoder | decoder).items()}
    load_weights(vae, weights)
    return vae.eval().requires_grad_(False).to(memory_format=torch.channels_last), mean.float().reshape(-1, 1, 1), scale


def scalar_of(path: Path) -> float:
    """The one float that stands in an exported graph as a constant: of the autoencoder's the latents' standard deviation."""
    import onnx

    constants = [onnx.numpy_helper.to_array(node.attribute[0].t) for node in onnx.load(path).graph.node if node.op_type == "Constant"]
    (scale,) = [float(c) for c in constants if c.shape == () and c.dtype == "float32"]
    return scale


def load_weights(module: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Every trained parameter must be there; what comes from elsewhere (frozen layers, constants) may be missing or extra."""
    own = module.state_dict()
    missing, _ = module.load_state_dict({k: v.float().reshape(own[k].shape) for k, v in weights.items() if k in own}, strict=False)
    missing = [name for name in missing if not name.startswith("frozen.")]
    if missing:
        raise ValueError(f"weights lack {missing[:5]} ({len(missing)} in all)")


def load_models(path: Path) -> tuple[UNet, TextEncoder, dict]:
    """(U-Net, text encoder, the checkpoint's other fields), averaged weights, float32, evaluation mode."""
    state = load_state(path)
    config = state["config"]
    unet = UNet(channels=tuple(config["channels"]), depth=config["depth"])
    text = TextEncoder(FrozenMiniLM.from_package(), depth=config["text_depth"])
    load_weights(unet, state["ema_unet"])
    load_weights(text, state["ema_text"])
    return unet.eval().requires_grad_(False), text.eval().requires_grad_(False), state
