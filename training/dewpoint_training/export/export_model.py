"""Writes a checkpoint as the diffusers ONNX layout the product loads, and checks every graph against torch.

Weights are stored compactly and widened by a Cast when a session loads: int8 with a scale per output for the frozen text layers (which were rounded to
exactly that before training) and for U-Net and autoencoder, which are rounded here, float16 for the rest. The graphs compute in float32. The word table stays
int8 in memory too: its rows are widened after they are looked up.

`--share models/dewpoint`: what comes out the same there (text encoder, tokenizer, autoencoder of a few-step model) is named in the manifest, not written again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..judge.reconstruction import reconstruction, reconstruction_scenes
from ..model.checkpoint import Autoencoder, load_models
from ..model.text import build_tokenizer, round_to_int8
from ..model.vae import LATENT_CHANNELS
from ..train.sheet import SHEET_PROMPTS
from .compact import MIN_COMPACT, store_compact
from .configs import LATENT_SIDE, write_configs, write_json
from .vocabulary import write_vocabulary

EXAMPLES = 8  # of the usual prompts, in the manifest
SHARED_FROM = 10_000  # bytes
SAME = 1e-3  # relative error up to which another folder's graph is this one's: what storing as float16 explains


class Decoder(nn.Module):
    """Normalised latents → picture in [-1, 1]. The normalisation is part of the graph, so `scaling_factor` is 1."""

    def __init__(self, autoencoder: Autoencoder):
        super().__init__()
        self.decoder, self.scale = autoencoder.vae.d, autoencoder.scale
        self.register_buffer("mean", autoencoder.mean)

    def forward(self, latent_sample):
        return self.decoder(latent_sample * self.scale + self.mean)


class Encoder(nn.Module):
    def __init__(self, autoencoder: Autoencoder):
        super().__init__()
        self.encoder, self.scale = autoencoder.vae.e, autoencoder.scale
        self.register_buffer("mean", autoencoder.mean)

    def forward(self, sample):
        return (self.encoder(sample) - self.mean) / self.scale


@torch.no_grad()
def round_weights(module: nn.Module) -> None:
    """Every matrix and kernel to int8 times a scale per output, in place: what is exported and measured is then one and the same."""
    for parameter in module.parameters():
        if parameter.ndim >= 2 and parameter.numel() > MIN_COMPACT:
            parameter.copy_(round_to_int8(parameter.flatten(1)).reshape(parameter.shape))


def export_graph(module: nn.Module, inputs: dict, output: str, path: Path, dynamic: dict | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    axes = {name: {0: "batch"} | (dynamic or {}).get(name, {}) for name in [*inputs, output]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), tuple(inputs.values()), str(path), input_names=list(inputs), output_names=[output], dynamic_axes=axes, opset_version=17, dynamo=False
        )
    store_compact(path, module)


def draft_manifest(out: Path, few_step: bool, shared: dict[str, dict]) -> None:
    """The part of dewpoint.json people write, where nobody has yet, and which files another model holds; scripts/model-manifest.ts adds
    what can be computed."""
    path = out / "dewpoint.json"
    if path.exists():
        manifest = json.loads(path.read_text())
    else:
        defaults = (
            dict(steps=4, guidanceScale=1, sampler="lcm", schedule="automatic")
            if few_step
            else dict(steps=25, guidanceScale=3, sampler="ddim", schedule="automatic")
        )
        name = "Dewpoint, in few steps" if few_step else "Dewpoint"
        summary = "Illustrated scenes, 256 pixels square" + (
            ", in 1 to 8 steps with guidance built in." if few_step else ": animals, food, people and things, in twelve styles."
        )
        manifest = dict(
            manifestVersion=1,
            id=out.name,
            name=name,
            summary=summary,
            license="MIT",
            family="dewpoint",
            sizes=[dict(width=256, height=256)],
            fixedSize=True,
            defaults=defaults,
            examples=SHEET_PROMPTS[:EXAMPLES],
        )
    own = {file: facts for file, facts in manifest.get("files", {}).items() if "from" not in facts and (out / file).exists()}
    write_json(path, manifest | ({"files": dict(sorted((own | shared).items()))} if own or shared else {}))


def share(out: Path, other: Path) -> dict[str, dict]:
    """Takes every file away that `other` (a model folder beside this one) holds just so, and says where it is: {path: hash, size and `from`}."""
    shared = {}
    for path in sorted(p for p in out.rglob("*") if p.is_file() and p.name not in ("dewpoint.json", "README.md")):
        there = other / path.relative_to(out)
        # Small files are cheaper kept than explained, and a folder with its own configs says what it is.
        if path.stat().st_size > SHARED_FROM and there.exists() and there.read_bytes() == path.read_bytes():
            shared[path.relative_to(out).as_posix()] = {
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "sizeBytes": path.stat().st_size,
                "from": other.name,
            }
            path.unlink()
    return shared


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


def coarse_layers(decoder: nn.Sequential) -> list[nn.Module]:
    """Up to the second upsampling: nearly all of the weights. What paints at 64x64 and finer stays float16; rounded, it left a grain that raised the edges'
    energy by 7 %."""
    ups = [i for i, layer in enumerate(decoder) if isinstance(layer, nn.Sequential)]
    return list(decoder[: ups[1]])


def agrees(path: Path, module: nn.Module, inputs: dict) -> bool:
    """Whether a graph already written is this module's: two checkpoints of one text encoder may differ by what float16 rounds away."""
    try:
        return path.exists() and check(path, module, inputs, SAME) < SAME
    except ValueError:
        return False


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("models/dewpoint"))
    parser.add_argument("--autoencoder", type=Path, help="vae.pt or an exported folder; the work folder's own unless given")
    parser.add_argument("--share", type=Path, help="model folder beside --out, for what comes out the same there")
    args = parser.parse_args(argv)
    if args.share and args.share.resolve().parent != args.out.resolve().parent:
        raise SystemExit(f"{args.share} is not beside {args.out}: a manifest names the model it shares files with by its folder's name")
    unet, text, state = load_models(args.checkpoint, args.data)
    unet = unet.to(memory_format=torch.contiguous_format)
    autoencoder = Autoencoder.load(args.autoencoder) if args.autoencoder else Autoencoder.default(args.data)
    autoencoder.vae.to(memory_format=torch.contiguous_format)
    pictures = reconstruction_scenes()
    before = reconstruction(autoencoder, pictures)
    decoder, encoder = Decoder(autoencoder), Encoder(autoencoder)
    for module in (unet, encoder, *coarse_layers(autoencoder.vae.d)):
        round_weights(module)
    print(f"autoencoder on the kept pictures: {before}, rounded to int8 {reconstruction(autoencoder, pictures)}")
    tokenizer = build_tokenizer()
    out = args.out

    ids = torch.tensor([e.ids for e in tokenizer.encode_batch(["a panda eating tacos at the beach", ""])])
    torch.manual_seed(0)
    latents = torch.randn(2, LATENT_CHANNELS, LATENT_SIDE, LATENT_SIDE)
    with torch.no_grad():
        context = text(ids)
    side = {2: "height", 3: "width"}
    graphs = {
        "text_encoder": (text, {"input_ids": ids}, "last_hidden_state", None),
        "unet": (
            unet,
            {"sample": latents, "timestep": torch.tensor([999, 3]), "encoder_hidden_states": context},
            "out_sample",
            {"sample": side, "encoder_hidden_states": {1: "tokens"}, "out_sample": side},
        ),
        "vae_decoder": (decoder, {"latent_sample": latents}, "sample", {"latent_sample": side, "sample": {2: "picture_height", 3: "picture_width"}}),
        "vae_encoder": (
            encoder,
            {"sample": torch.rand(2, 3, 256, 256) * 2 - 1},
            "latent_sample",
            {"sample": {2: "picture_height", 3: "picture_width"}, "latent_sample": side},
        ),
    }
    for name, (module, inputs, output, dynamic) in graphs.items():
        path = out / name / "model.onnx"
        three = {k: torch.cat([v, v[:1]]) for k, v in inputs.items()}  # another batch than the traced one: nothing may have been fixed to it
        there = args.share and args.share / name / "model.onnx"
        if name != "unet" and there and agrees(there, module, three):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(there, path)
        else:
            export_graph(module, inputs, output, path, dynamic)
        print(f"{name}: {path.stat().st_size / 1e6:.1f} MB, relative error {check(path, module, three, 0.03):.5f}")

    (out / "tokenizer").mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer" / "tokenizer.json"), pretty=False)
    write_vocabulary(out)
    write_configs(out, state, tokenizer.get_vocab_size())
    shared = share(out, args.share) if args.share else {}
    draft_manifest(out, state.get("scheduler") == "LCMScheduler", shared)
    if shared:
        print(f"{sum(f['sizeBytes'] for f in shared.values()) / 1e6:.1f} MB are {args.share}'s: {', '.join(shared)}")
    print(f"{sum(f.stat().st_size for f in out.rglob('*') if f.is_file()) / 1e6:.1f} MB in all; examples: {SHEET_PROMPTS[0]!r}, ...")


if __name__ == "__main__":
    main()
