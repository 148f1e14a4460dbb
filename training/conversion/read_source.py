"""A diffusers folder, or one .safetensors checkpoint with the names of Stability's original code → a diffusers pipeline in float32.

Weights from pickles (.bin, .ckpt) are not read: they can run code.
"""

import json
import sys
from pathlib import Path

# Not called here: without it diffusers fills what a file lacks with random numbers, and says so to nobody.
import accelerate  # noqa: F401
import diffusers
import torch
from diffusers.loaders.single_file_utils import DIFFUSERS_DEFAULT_PIPELINE_PATHS, infer_diffusers_model_type, load_single_file_checkpoint
from huggingface_hub.errors import LocalEntryNotFoundError

PIPELINES = {
    name: getattr(diffusers, name)
    for name in (
        "StableDiffusionPipeline",
        "StableDiffusionInpaintPipeline",
        "StableDiffusionXLPipeline",
        "StableDiffusionXLInpaintPipeline",
        "LatentConsistencyModelPipeline",
    )
}
# diffusers' names for what it finds in a checkpoint, and what runs it.
CHECKPOINTS = {
    "v1": "StableDiffusionPipeline",
    "v2": "StableDiffusionPipeline",
    "inpainting": "StableDiffusionInpaintPipeline",
    "inpainting_v2": "StableDiffusionInpaintPipeline",
    "xl_base": "StableDiffusionXLPipeline",
    "xl_inpaint": "StableDiffusionXLInpaintPipeline",
}
CHECKPOINT_PARTS = {"U-Net": ("model.diffusion_model.",), "autoencoder": ("first_stage_model.",), "text encoder": ("cond_stage_model.", "conditioner.")}


def read_source(source: Path, config: Path | None) -> diffusers.DiffusionPipeline:
    """@raises SystemExit with the reason, where it is no model that converts."""
    return read_checkpoint(source, config) if source.is_file() else read_folder(source)


def read_folder(source: Path) -> diffusers.DiffusionPipeline:
    name = json.loads((source / "model_index.json").read_text()).get("_class_name", "")
    if name not in PIPELINES:
        sys.exit(f"{source.name} is a {name}; what converts is {', '.join(PIPELINES)}")
    return PIPELINES[name].from_pretrained(source, local_files_only=True, use_safetensors=True, torch_dtype=torch.float32, **without_extras(name))


def read_checkpoint(source: Path, config: Path | None) -> diffusers.DiffusionPipeline:
    if source.suffix != ".safetensors":
        sys.exit(f"{source.name}: only .safetensors checkpoints are read; a pickled one can run code")
    if config is not None and not (config / "model_index.json").is_file():
        sys.exit(f"--config takes a diffusers folder; there is no model_index.json in {config}")
    kind = kind_of(source)
    name = CHECKPOINTS[kind]
    options = dict(torch_dtype=torch.float32, **without_extras(name))
    if config is not None:
        options |= dict(config=str(config), local_files_only=True)
    try:
        pipe = PIPELINES[name].from_single_file(str(source), **options)
    except LocalEntryNotFoundError:
        hub = DIFFUSERS_DEFAULT_PIPELINE_PATHS[kind]["pretrained_model_name_or_path"]
        sys.exit(
            f"A checkpoint has weights only. Configs and tokenizer of {source.name} are those of {hub}, and the hub did not give them; "
            "--config FOLDER takes them from a diffusers folder of the same family"
        )
    # What diffusers raises where weights are missing or of another shape has no class in common.
    except Exception as error:
        sys.exit(f"{source.name} does not fit the configs of {config or kind}: {str(error).splitlines()[0]}")
    require_every_weight(source, pipe)
    return pipe


def kind_of(source: Path) -> str:
    try:
        tensors = load_single_file_checkpoint(str(source), local_files_only=True)
    except OSError:
        sys.exit(f"{source.name} is no safetensors file, or a damaged one")
    missing = [part for part, starts in CHECKPOINT_PARTS.items() if not any(name.startswith(starts) for name in tensors)]
    # diffusers takes whatever it does not know for a Stable Diffusion 1, and the name of what it knows says more than what is missing.
    kind = infer_diffusers_model_type(tensors)
    if kind not in CHECKPOINTS:
        sys.exit(f"{source.name} is a checkpoint of {kind}; what converts is Stable Diffusion 1.x, 2.x and SDXL")
    if missing:
        sys.exit(f"{source.name} has no {' and no '.join(missing)}; a checkpoint that converts has all three (LoRAs and embeddings are added, not converted)")
    return kind


def require_every_weight(source: Path, pipe: diffusers.DiffusionPipeline) -> None:
    """diffusers leaves a text encoder's weights empty where the file has none."""
    empty = [
        f"{part} {name}"
        for part, model in pipe.components.items()
        if isinstance(model, torch.nn.Module)
        for name, weight in model.named_parameters()
        if weight.is_meta
    ]
    if empty:
        sys.exit(f"{source.name} lacks {len(empty)} weights, the first of them {empty[0]}")


def without_extras(name: str) -> dict:
    """No safety checker, nor what prepares pictures for it: neither is part of the layout."""
    return {} if "XL" in name else dict(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
