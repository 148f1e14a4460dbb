"""Reading what training wrote: the averaged weights of a checkpoint, or of an exported model folder."""
from __future__ import annotations

import json
from pathlib import Path

import torch

from .text import FrozenMiniLM, TextEncoder
from .unet import UNet


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
