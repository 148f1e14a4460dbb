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


def model_file(folder: Path, path: str) -> Path:
    """A file of an exported model: its own, or, as its manifest may say, that of the model beside it (docs/models.md)."""
    if (folder / path).exists() or not (folder / "dewpoint.json").exists():
        return folder / path
    holder = json.loads((folder / "dewpoint.json").read_text()).get("files", {}).get(path, {}).get("from")
    return folder.parent / holder / path if holder else folder / path


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
        state = torch.load(path, weights_only=True, map_location="cpu")
        return state | {name: widened(state[name]) for name in ("ema_unet", "ema_text", "heads") if name in state}
    about = json.loads((path / "unet" / "config.json").read_text())
    text = {k: v for k, v in onnx_weights(model_file(path, "text_encoder/model.onnx")).items() if not k.startswith("frozen.")}
    return {
        "ema_unet": onnx_weights(model_file(path, "unet/model.onnx")),
        "ema_text": text,
        "samples": about["training_samples"],
        "config": about["training_config"],
    }


def save_state(state: dict, path: Path) -> None:
    """Whole or not at all: a process killed while it writes leaves the old file."""
    torch.save(state, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def compact(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Matrices and kernels as int8 times a scale per output (as the export stores them), the rest as float16: a quarter of the bytes."""
    kept = {}
    for name, value in weights.items():
        if value.ndim >= 2 and value.numel() > 4096:
            rows = value.detach().float().flatten(1)
            scale = rows.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
            kept |= {f"{name}.int8": (rows / scale).round().to(torch.int8).reshape(value.shape).cpu(), f"{name}.scale": scale.cpu()}
        else:
            kept[name] = value.detach().half().cpu()
    return kept


def widened(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What `compact` made, in float32."""
    return {
        name.removesuffix(".int8"): (value.float().flatten(1) * weights[name.removesuffix("int8") + "scale"]).reshape(value.shape)
        if name.endswith(".int8")
        else value.float()
        for name, value in weights.items()
        if not name.endswith(".scale")
    }


class Autoencoder:
    """The autoencoder with its latents' mean [16, 1, 1] and deviation: diffusion happens in latents of mean 0 and deviation 1."""

    def __init__(self, vae: VAE, mean: torch.Tensor, scale: float):
        self.vae, self.mean, self.scale = vae.eval().requires_grad_(False).to(memory_format=torch.channels_last), mean.float().reshape(-1, 1, 1), scale

    def to(self, device) -> Autoencoder:
        return Autoencoder(self.vae.to(device), self.mean.to(device), self.scale)

    @torch.no_grad()
    def encode(self, pictures: torch.Tensor) -> torch.Tensor:
        """[n, 3, h, w] in 0..1 → normalised latents [n, 16, h / 16, w / 16]"""
        with torch.autocast(pictures.device.type, dtype=torch.bfloat16):
            return (self.vae.encode(pictures.contiguous(memory_format=torch.channels_last)).float() - self.mean) / self.scale

    @torch.no_grad()
    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        with torch.autocast(latents.device.type, dtype=torch.bfloat16):
            return self.vae.decode((latents * self.scale + self.mean).contiguous(memory_format=torch.channels_last)).float()

    @classmethod
    def load(cls, path: Path) -> Autoencoder:
        """What `train-vae` wrote, or an exported model folder."""
        vae = VAE()
        if path.is_dir():
            decoder, encoder = (onnx_weights(model_file(path, f"{name}/model.onnx")) for name in ("vae_decoder", "vae_encoder"))
            mean, scale = decoder["mean"], scalar_of(model_file(path, "vae_decoder/model.onnx"))
            weights = {name.replace("encoder", "e", 1).replace("decoder", "d", 1): value for name, value in (encoder | decoder).items()}
        else:
            state = torch.load(path, weights_only=True, map_location="cpu")
            weights, mean, scale = state["weights"], state["mean"], state["scale"]
        load_weights(vae, weights)
        return cls(vae, mean, scale)

    @classmethod
    def default(cls, data: Path) -> Autoencoder:
        """The work folder's own where `train-vae` made one, else the shipped one."""
        return cls.load(data / "vae.pt" if (data / "vae.pt").exists() else SHIPPED)

    def save(self, path: Path) -> None:
        save_state({"weights": {name: value.half() for name, value in self.vae.state_dict().items()}, "mean": self.mean, "scale": self.scale}, path)


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


def load_models(path: Path, data: Path = Path(".data/training")) -> tuple[UNet, TextEncoder, dict]:
    """(U-Net, text encoder, the checkpoint's other fields), averaged weights, float32, evaluation mode."""
    state = load_state(path)
    config = state["config"]
    unet = UNet(channels=tuple(config["channels"]), depth=config["depth"])
    text = TextEncoder(FrozenMiniLM.load(data), depth=config["text_depth"])
    load_weights(unet, state["ema_unet"])
    load_weights(text, state["ema_text"])
    return unet.eval().requires_grad_(False), text.eval().requires_grad_(False), state
