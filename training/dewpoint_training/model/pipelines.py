"""Prompts → pictures, from a checkpoint in torch or from an exported folder in ONNX Runtime: what `evaluate` and the export checks draw with.

Noise is drawn per picture from its own seed, so a picture does not depend on its batch, and every precision starts from the same latents.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .checkpoint import Autoencoder, load_models, model_file
from .few_step import sample_lcm
from .schedule import sample_ddim
from .text import encode_prompts
from .vae import LATENT_CHANNELS

BATCH = 16  # pictures drawn together


def noise_of(seeds: list[int], shape: tuple[int, ...]) -> Tensor:
    return torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds])


class Pipeline:
    """`predict`, `embed` and `decode` are a subclass's; `few_step` models are sampled by LCM without guidance."""

    latent_shape: tuple[int, ...]
    few_step = False
    guidance = 3.0
    name: str

    def predict_once(self, z: Tensor, t: Tensor, context: Tensor) -> Tensor:
        """Where both halves of a guided batch are alike: half the work."""
        half = len(z) // 2
        return torch.cat([self.predict(z[:half], t[:half], context[:half])] * 2)

    def draw(self, prompts: list[str], seeds: list[int], steps: int, guidance: float, sampler: str | None = None, report=None) -> np.ndarray:
        """uint8 [n, height, width, 3]. sampler: "ddim" or "lcm", the model's own unless given; report(n) is called after every n pictures."""
        pictures = []
        sampler = sampler or ("lcm" if self.few_step else "ddim")
        for at in range(0, len(prompts), BATCH):
            noise = noise_of(seeds[at : at + BATCH], self.latent_shape)
            context = self.embed(prompts[at : at + BATCH])
            if sampler == "lcm":
                fresh = [torch.Generator().manual_seed(seed + 2**32) for seed in seeds[at : at + BATCH]]
                z = sample_lcm(self.predict, noise, context, steps, fresh)
            elif guidance == 1:
                z = sample_ddim(self.predict_once, noise, context, context, steps, 1.0)
            else:
                z = sample_ddim(self.predict, noise, context, self.embed([""]).expand_as(context), steps, guidance)
            pictures.append(self.decode(z))
            if report:
                report(len(noise))
        return np.concatenate(pictures)


def to_pixels(pictures: Tensor) -> np.ndarray:
    """float [n, 3, h, w] in 0..1 → uint8 [n, h, w, 3]"""
    return (pictures.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()


class TorchPipeline(Pipeline):
    def __init__(self, checkpoint: Path, data: Path, device: str = "cpu"):
        unet, text, state = load_models(checkpoint, data)
        self.device, self.name, self.samples = device, checkpoint.stem, state.get("samples")
        self.few_step = state.get("scheduler") == "LCMScheduler"
        self.guidance = 1.0 if self.few_step else Pipeline.guidance
        self.unet, self.text = unet.to(device, memory_format=torch.channels_last), text.to(device)
        self.autoencoder = Autoencoder.default(data).to(device)
        self.latent_shape = (LATENT_CHANNELS, 16, 16)

    @torch.no_grad()
    def embed(self, prompts: list[str]) -> Tensor:
        with torch.autocast(self.device, dtype=torch.bfloat16):
            return self.text(encode_prompts(prompts).to(self.device))

    @torch.no_grad()
    def predict(self, sample: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        with torch.autocast(self.device, dtype=torch.bfloat16):
            sample = sample.to(self.device).contiguous(memory_format=torch.channels_last)
            return self.unet(sample, timestep.to(self.device), context).float().cpu()

    def decode(self, z: Tensor) -> np.ndarray:
        return to_pixels(self.autoencoder.decode(z.to(self.device)).cpu())


class OnnxPipeline(Pipeline):
    """Any model of the diffusers ONNX layout with a v-predicting U-Net. dtypes: file suffix per component, e.g. {"unet": "int8"}."""

    def __init__(self, folder: Path, dtypes: dict[str, str] | str = "", threads: int = 1):
        import onnxruntime as ort
        from tokenizers import Tokenizer

        options = ort.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 3
        suffix = lambda name: dtypes if isinstance(dtypes, str) else dtypes.get(name, "")
        plain = lambda name: model_file(folder, f"{name}/model.onnx")
        asked = lambda name: folder / name / f"model_{suffix(name)}.onnx"
        path = lambda name: asked(name) if suffix(name) and (name == "unet" or asked(name).exists()) else plain(name)  # not every component has every precision
        self.sessions = {
            name: ort.InferenceSession(str(path(name)), options, providers=["CPUExecutionProvider"]) for name in ("text_encoder", "unet", "vae_decoder")
        }
        self.seconds = dict.fromkeys(self.sessions, 0.0)
        config = lambda name: json.loads((folder / name / "config.json").read_text())
        unet, text = config("unet"), config("text_encoder")
        self.name = folder.name
        self.samples = unet.get("training_samples")
        self.scaling = config("vae_decoder").get("scaling_factor", 1.0)
        self.latent_shape = (unet["in_channels"], unet["sample_size"], unet["sample_size"])
        self.few_step = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())["_class_name"] == "LCMScheduler"
        if (folder / "dewpoint.json").exists():
            self.guidance = json.loads((folder / "dewpoint.json").read_text())["defaults"]["guidanceScale"]
        self.tokenizer = Tokenizer.from_file(str(model_file(folder, "tokenizer/tokenizer.json")))
        pad = json.loads((folder / "tokenizer" / "tokenizer_config.json").read_text())["pad_token"]
        length = text["max_position_embeddings"]
        self.tokenizer.enable_truncation(length)
        self.tokenizer.enable_padding(length=length, pad_id=self.tokenizer.token_to_id(pad), pad_token=pad)

    def run(self, name: str, *values: np.ndarray) -> Tensor:
        """Inputs in the graph's order, cast to what it asks for; its first output."""
        session = self.sessions[name]
        wanted = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64, "tensor(int32)": np.int32}
        started = time.perf_counter()
        (out, *_) = session.run([session.get_outputs()[0].name], {i.name: v.astype(wanted[i.type]) for i, v in zip(session.get_inputs(), values)})
        self.seconds[name] += time.perf_counter() - started
        return torch.from_numpy(out.astype(np.float32))

    def embed(self, prompts: list[str]) -> Tensor:
        return self.run("text_encoder", np.array([e.ids for e in self.tokenizer.encode_batch(prompts)]))

    def predict(self, sample: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        return self.run("unet", sample.numpy(), timestep.numpy(), context.numpy())

    def decode(self, z: Tensor) -> np.ndarray:
        return to_pixels((self.run("vae_decoder", (z / self.scaling).numpy()) + 1) / 2)


def open_pipeline(path: Path, data: Path, dtypes: dict[str, str] | str = "", device: str = "cpu", threads: int = 1) -> Pipeline:
    """A checkpoint file in torch, an exported folder in ONNX Runtime."""
    if not path.is_dir():
        return TorchPipeline(path, data, device)
    return OnnxPipeline(path, dtypes, threads)
