"""A Stable Diffusion model in PyTorch (a diffusers folder, or one .safetensors checkpoint) → Dewpoint's layout: ONNX graphs in float32, with fp16 and int8
beside them.

    python training/conversion/convert_model.py SOURCE OUT [--config FOLDER]

`npm run models -- convert` calls this and installs what it wrote. Each graph is held against the module it came from. A float32 graph
that is off is an error; an fp16 or int8 one that is off is left out and said so.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
import warnings
from pathlib import Path

import diffusers
import numpy as np
import torch

# Run by its path, a script sees its own folder only.
sys.path.insert(0, str(Path(__file__).parents[1]))
from conversion.check import OnnxUNet, accept, check_component, latents_of, relative_error
from conversion.export_graphs import PROMPT, export_text_encoder, export_unet, export_vae
from conversion.precisions import write_fp16, write_int8
from conversion.read_source import read_source

# A side calibration pictures have: activations depend on what is drawn, hardly on how large.
CALIBRATION_SIDE_PX = 256


def convert(source: Path, out: Path, config: Path | None = None) -> None:
    """@raises SystemExit with the reason. `out` is empty or not there; what is in it after an error is no model."""
    if out.exists() and any(out.iterdir()):
        sys.exit(f"{out} is not empty")
    pipe = read_source(source, config)
    out.mkdir(parents=True, exist_ok=True)
    write_text_encoder(out, "", pipe.text_encoder, pipe.tokenizer)
    second = getattr(pipe, "text_encoder_2", None)
    if second is not None:
        write_text_encoder(out, "_2", second, pipe.tokenizer_2)
    latents = write_unet(out, pipe, pooled_width=None if second is None else second.config.projection_dim)
    write_vae(out, pipe.vae, latents)
    write_index(out, pipe)
    if source.is_dir():
        for name in ("README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"):
            if (source / name).exists():
                shutil.copy(source / name, out / name)


def write_text_encoder(out: Path, suffix: str, model, tokenizer) -> None:
    name = f"text_encoder{suffix}"
    graph, half = out / name / "model.onnx", out / name / "model_fp16.onnx"
    export_text_encoder(graph.parent, model, tokenizer)
    tokenizer.save_pretrained(out / f"tokenizer{suffix}")
    ids = tokenizer([PROMPT], padding="max_length", max_length=tokenizer.model_max_length, return_tensors="pt").input_ids
    with torch.no_grad():
        expected = model(ids).last_hidden_state.numpy()
    feed = {"input_ids": ids.numpy()}
    check_component(graph, name, "fp32", feed, expected, "last_hidden_state")
    write_fp16(graph, half)
    check_component(half, name, "fp16", feed, expected, "last_hidden_state")


def write_unet(out: Path, pipe: diffusers.DiffusionPipeline, pooled_width: int | None) -> np.ndarray:
    """@returns what the source's run ends with: float32 [channels, height/8, width/8]"""
    graph, half, int8 = (out / "unet" / name for name in ("model.onnx", "model_fp16.onnx", "model_int8.onnx"))
    export_unet(graph.parent, pipe.unet, pooled_width)
    side = min(CALIBRATION_SIDE_PX, pipe.unet.config.sample_size * pipe.vae_scale_factor)
    reference = latents_of(pipe, pipe.unet, side)

    def check(path: Path, precision: str) -> list[dict[str, np.ndarray]]:
        stand_in = OnnxUNet(path, pipe.unet)
        accept(path, "unet", precision, relative_error(latents_of(pipe, stand_in, side), reference))
        return stand_in.asked

    feeds = check(graph, "fp32")
    write_fp16(graph, half)
    check(half, "fp16")
    write_int8(graph, int8, feeds)
    check(int8, "int8")
    return reference


def write_vae(out: Path, model, latents: np.ndarray) -> None:
    """Held against the source on the picture the U-Net's check drew."""
    export_vae(out, model)
    z = torch.from_numpy(latents[None]) / model.config.scaling_factor
    with torch.no_grad():
        picture = model.decode(z, return_dict=False)[0]
        moments = model.encode(picture.clamp(-1, 1), return_dict=False)[0].parameters
    decoder, half = out / "vae_decoder/model.onnx", out / "vae_decoder/model_fp16.onnx"
    check_component(decoder, "vae_decoder", "fp32", {"latent_sample": z.numpy()}, picture.numpy(), "sample")
    check_component(out / "vae_encoder/model.onnx", "vae_encoder", "fp32", {"sample": picture.clamp(-1, 1).numpy()}, moments.numpy(), "latent_parameters")
    # SDXL's decoder overflows in float16, which this finds out.
    write_fp16(decoder, half)
    check_component(half, "vae_decoder", "fp16", {"latent_sample": z.numpy()}, picture.numpy(), "sample")


def write_index(out: Path, pipe: diffusers.DiffusionPipeline) -> None:
    pipe.scheduler.save_pretrained(out / "scheduler")
    index = {"_class_name": type(pipe).__name__, "scheduler": ["diffusers", type(pipe.scheduler).__name__]}
    index |= {part.name: ["onnx", "OnnxRuntimeModel"] for part in sorted(out.iterdir()) if (part / "model.onnx").exists()}
    if hasattr(pipe.config, "force_zeros_for_empty_prompt"):
        index["force_zeros_for_empty_prompt"] = pipe.config.force_zeros_for_empty_prompt
    (out / "model_index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--config", type=Path, help="a diffusers folder with configs and tokenizer for a checkpoint; without it diffusers asks the hub")
    arguments = parser.parse_args()
    # Advice about the exporter and the quantiser, none of it for the person who converts.
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    convert(arguments.source, arguments.out, arguments.config)
