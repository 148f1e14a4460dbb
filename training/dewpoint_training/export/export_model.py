"""Writes a checkpoint as the diffusers ONNX layout the product loads, and checks every graph against torch.

Weights are stored compactly and widened by a Cast when a session loads: int8 with a scale per output for the frozen text layers (which were rounded to
exactly that before training) and for the U-Net, which is rounded here (its pictures move by 38 to 49 dB), float16 for the rest. The graphs compute in float32.
"""
from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from ..model.checkpoint import Autoencoder, load_models
from ..model.few_step import GRID, TIMESTEP_SCALING
from .vocabulary import write_vocabulary
from ..model.text import TOKENS, WIDTH, build_tokenizer, round_to_int8
from ..train.sheet import SHEET_PROMPTS
from ..model.vae import DECODER, DOWNSCALE, LATENT_CHANNELS

MIN_COMPACT = 1024  # smaller tensors (norms, biases) stay float32: they cost nothing and matter most


class Decoder(nn.Module):
    """Normalised latents → picture in [-1, 1]. The normalisation is part of the graph, so `scaling_factor` is 1."""

    def __init__(self, vae, mean, scale):
        super().__init__()
        self.decoder, self.scale = vae.d, scale
        self.register_buffer("mean", mean)

    def forward(self, latent_sample):
        return self.decoder(latent_sample * self.scale + self.mean)


class Encoder(nn.Module):
    def __init__(self, vae, mean, scale):
        super().__init__()
        self.encoder, self.scale = vae.e, scale
        self.register_buffer("mean", mean)

    def forward(self, sample):
        return (self.encoder(sample) - self.mean) / self.scale


@torch.no_grad()
def round_weights(module: nn.Module) -> None:
    """Every matrix and kernel to int8 times a scale per output, in place: what is exported and measured is then one and the same."""
    for parameter in module.parameters():
        if parameter.ndim >= 2 and parameter.numel() > MIN_COMPACT:
            parameter.copy_(round_to_int8(parameter.flatten(1)).reshape(parameter.shape))


def int8_rows(weight: np.ndarray, tolerance: float = 2e-3):
    """(int8, scale) when the weight is int8 times a scale per row (of a kernel: per output channel) or per column, else None. tolerance: of a step of int8."""
    for axis in (tuple(range(1, weight.ndim)), 0)[: 2 if weight.ndim == 2 else 1]:
        scale = np.maximum(np.abs(weight).max(axis, keepdims=True), 1e-8) / 127
        q = np.round(weight / scale)
        if np.abs(weight / scale - q).max() < tolerance:
            return q.astype(np.int8), scale.astype(np.float32)
    return None


def name_after_parameters(graph, module: nn.Module) -> None:
    """Gives every weight its torch name (`.T` appended where the exporter transposed it; a norm's may have gained axes), so that training can start from the exported file."""
    known = {name: tensor.detach().numpy() for name, tensor in [*module.named_parameters(), *module.named_buffers()]}
    renamed = {}
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        for name, theirs in known.items():
            for suffix, candidate in (("", theirs), (".T", theirs.T)):
                if name not in {r.removesuffix(".T") for r in renamed.values()} and tensor.name not in renamed and candidate.squeeze().shape == value.squeeze().shape and np.array_equal(candidate.squeeze(), value.squeeze()):
                    renamed[tensor.name] = name + suffix
    for tensor in graph.initializer:
        tensor.name = renamed.get(tensor.name, tensor.name)
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)


def store_compact(path: Path, module: nn.Module) -> None:
    model = onnx.load(path)
    graph, kept, nodes = model.graph, [], []
    name_after_parameters(graph, module)
    for tensor in graph.initializer:
        name = tensor.name
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) <= MIN_COMPACT:
            kept.append(tensor)
            continue
        weight = numpy_helper.to_array(tensor)
        rounded = int8_rows(weight) if weight.ndim >= 2 else None
        if rounded:
            kept += [numpy_helper.from_array(rounded[0], name + "_int8"), numpy_helper.from_array(rounded[1], name + "_scale")]
            nodes.append(helper.make_node("Cast", [name + "_int8"], [name + "_wide"], to=TensorProto.FLOAT, name="cast_" + name))
            nodes.append(helper.make_node("Mul", [name + "_wide", name + "_scale"], [name], name="scale_" + name))
        else:
            kept.append(numpy_helper.from_array(weight.astype(np.float16), name + "_fp16"))
            nodes.append(helper.make_node("Cast", [name + "_fp16"], [name], to=TensorProto.FLOAT, name="cast_" + name))
    del graph.initializer[:]
    graph.initializer.extend(kept)
    body = list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes + body)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def export_graph(module: nn.Module, inputs: dict, output: str, path: Path, dynamic: dict | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    axes = {name: {0: "batch"} | (dynamic or {}).get(name, {}) for name in [*inputs, output]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), tuple(inputs.values()), str(path), input_names=list(inputs), output_names=[output], dynamic_axes=axes, opset_version=17, dynamo=False)
    store_compact(path, module)


def write_json(path: Path, value: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def draft_manifest(out: Path, few_step: bool) -> None:
    """The part of dewpoint.json people write, where nobody has yet; scripts/model-manifest.ts adds what can be computed."""
    path = out / "dewpoint.json"
    if path.exists():
        return
    defaults = dict(steps=4, guidanceScale=1, sampler="lcm", schedule="automatic") if few_step else dict(steps=25, guidanceScale=3, sampler="ddim", schedule="automatic")
    name = "Dewpoint, in few steps" if few_step else "Dewpoint"
    summary = "Illustrated scenes, 256 pixels square" + (", in 1 to 8 steps with guidance built in." if few_step else ": animals, food, people and things in 28 places, in three styles.")
    write_json(path, dict(manifestVersion=1, id=out.name, name=name, summary=summary, license="MIT", family="dewpoint", sizes=[dict(width=256, height=256)], fixedSize=True, defaults=defaults, examples=SHEET_PROMPTS[:8]))


def check(path: Path, module: nn.Module, inputs: dict, tolerance: float) -> float:
    """Largest error against torch, relative to the largest output; raises above the tolerance (float16 storage explains 1e-2)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    got = session.run(None, {k: v.numpy() for k, v in inputs.items()})[0]
    with torch.no_grad():
        want = module(*inputs.values()).numpy()
    error = float(np.abs(got - want).max() / np.abs(want).max())
    if not error < tolerance:
        raise ValueError(f"{path}: relative error {error:.4f} against torch, limit {tolerance}")
    return error


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("models/dewpoint"))
    args = parser.parse_args(argv)
    unet, text, state = load_models(args.checkpoint, args.data)
    unet = unet.to(memory_format=torch.contiguous_format)
    round_weights(unet)
    autoencoder = Autoencoder.default(args.data)
    vae = autoencoder.vae.to(memory_format=torch.contiguous_format)
    decoder, encoder = Decoder(vae, autoencoder.mean, autoencoder.scale), Encoder(vae, autoencoder.mean, autoencoder.scale)
    tokenizer = build_tokenizer()
    out = args.out

    ids = torch.tensor([e.ids for e in tokenizer.encode_batch(["a panda eating tacos at the beach", ""])])
    torch.manual_seed(0)
    latents = torch.randn(2, LATENT_CHANNELS, 16, 16)
    with torch.no_grad():
        context = text(ids)
    side = {2: "height", 3: "width"}
    graphs = {
        "text_encoder": (text, {"input_ids": ids}, "last_hidden_state", None),
        "unet": (unet, {"sample": latents, "timestep": torch.tensor([999, 3]), "encoder_hidden_states": context}, "out_sample", {"sample": side, "encoder_hidden_states": {1: "tokens"}, "out_sample": side}),
        "vae_decoder": (decoder, {"latent_sample": latents}, "sample", {"latent_sample": side, "sample": {2: "picture_height", 3: "picture_width"}}),
        "vae_encoder": (encoder, {"sample": torch.rand(2, 3, 256, 256) * 2 - 1}, "latent_sample", {"sample": {2: "picture_height", 3: "picture_width"}, "latent_sample": side}),
    }  # fmt: skip
    for name, (module, inputs, output, dynamic) in graphs.items():
        path = out / name / "model.onnx"
        export_graph(module, inputs, output, path, dynamic)
        three = {k: torch.cat([v, v[:1]]) for k, v in inputs.items()}  # another batch than the traced one: nothing may have been fixed to it
        print(f"{name}: {path.stat().st_size / 1e6:.1f} MB, relative error {check(path, module, three, 0.03):.5f}")

    (out / "tokenizer").mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer" / "tokenizer.json"), pretty=False)
    write_vocabulary(out)
    write_json(out / "tokenizer" / "tokenizer_config.json", dict(tokenizer_class="PreTrainedTokenizerFast", model_max_length=TOKENS, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"))
    scheduler = state.get("scheduler", "DDIMScheduler")  # a distilled U-Net says LCMScheduler
    few_step = dict(original_inference_steps=GRID, timestep_scaling=TIMESTEP_SCALING, timestep_spacing="leading") if scheduler == "LCMScheduler" else {}
    write_json(out / "scheduler" / "scheduler_config.json", dict(_class_name=scheduler, num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="v_prediction", timestep_spacing="trailing", clip_sample=False, set_alpha_to_one=True, steps_offset=0) | few_step)
    write_json(out / "text_encoder" / "config.json", dict(hidden_size=WIDTH, max_position_embeddings=TOKENS, vocab_size=tokenizer.get_vocab_size()))
    write_json(out / "unet" / "config.json", dict(in_channels=LATENT_CHANNELS, out_channels=LATENT_CHANNELS, sample_size=16, cross_attention_dim=WIDTH, block_out_channels=list(state["config"]["channels"]), timestep="[batch] int64", training_samples=state["samples"], training_config={k: state["config"][k] for k in ("channels", "depth", "text_depth")}))
    for name in ("vae_decoder", "vae_encoder"):
        write_json(out / name / "config.json", dict(latent_channels=LATENT_CHANNELS, sample_size=16 * DOWNSCALE, scaling_factor=1.0, block_out_channels=[32, *DECODER, DECODER[-1]], encoder_output="latent mean, normalised, no distribution"))
    onnx_model = lambda: ["onnx", "OnnxRuntimeModel"]
    write_json(out / "model_index.json", dict(_class_name="StableDiffusionPipeline", scheduler=["diffusers", scheduler], text_encoder=onnx_model(), tokenizer=["transformers", "PreTrainedTokenizerFast"], unet=onnx_model(), vae_decoder=onnx_model(), vae_encoder=onnx_model()))
    draft_manifest(out, scheduler == "LCMScheduler")
    print(f"{sum(f.stat().st_size for f in out.rglob('*') if f.is_file()) / 1e6:.1f} MB in all; examples: {SHEET_PROMPTS[0]!r}, ...")


if __name__ == "__main__":
    main()
