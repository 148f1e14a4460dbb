"""Calls of diffusers pipelines, in a recipe's words, and their goldens."""

import shutil
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)
from PIL import Image

from .files import GOLDEN, data, floats, write_json
from .noise_stream import PhiloxStream, use_noise

PROMPT = "a panda eating tacos at the beach"
NEGATIVE = "blurry, low quality"
SCHEDULERS = {
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
    "euler-a": EulerAncestralDiscreteScheduler,
    "dpmpp-2m": DPMSolverMultistepScheduler,
    "unipc": UniPCMultistepScheduler,
    "lcm": LCMScheduler,
}
STABLE_DIFFUSION = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "num_train_timesteps": 1000,
}


def simple_pipeline(parts: dict):
    classes = {
        "text": diffusers.StableDiffusionPipeline,
        "image": diffusers.StableDiffusionImg2ImgPipeline,
        "inpaint": diffusers.StableDiffusionInpaintPipeline,
    }
    # A pipeline wants a scheduler when it is made; each case puts its own.
    return lambda kind: classes[kind](
        **parts, scheduler=DDIMScheduler.from_config(STABLE_DIFFUSION), safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )


def pictures(width: int, height: int) -> tuple[Image.Image, Image.Image]:
    """A colour ramp with a disc, and a mask over part of it on the latent grid's own lines."""
    y, x = np.mgrid[0:height, 0:width]
    disc = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 3) ** 2
    rgb = np.stack([x * 255 // width, y * 255 // height, np.where(disc, 220, 40)], -1).astype(np.uint8)
    mask = np.where((x >= 16) & (x < 48) & (y >= 24), 255, 0).astype(np.uint8)
    return Image.fromarray(rgb), Image.fromarray(mask)


def run_case(make_pipeline, config: dict, case: dict) -> dict:
    """One call of a diffusers pipeline. `case` is in the recipe's words; the result adds latents and pixels."""
    recipe = {
        "prompt": PROMPT,
        "negativePrompt": NEGATIVE,
        "seed": 7,
        "width": 64,
        "height": 64,
        "steps": 5,
        "sampler": "ddim",
        "schedule": "automatic",
        "guidanceScale": 7.5,
    } | case["recipe"]
    kind = case.get("kind", "text")
    pipe = make_pipeline(kind)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = SCHEDULERS[recipe["sampler"]].from_config(config | case.get("scheduler", {}))
    arguments = dict(prompt=recipe["prompt"], num_inference_steps=recipe["steps"], guidance_scale=recipe["guidanceScale"])
    if recipe["sampler"] != "lcm":
        arguments["negative_prompt"] = recipe["negativePrompt"] or None
    if "guidanceRescale" in recipe:
        arguments["guidance_rescale"] = recipe["guidanceRescale"]
    picture, mask = pictures(recipe["width"], recipe["height"])
    if kind != "text":
        arguments |= dict(image=picture, strength=case["strength"])
    if kind == "inpaint":
        arguments |= dict(mask_image=mask)
    if kind != "image":
        arguments |= dict(width=recipe["width"], height=recipe["height"])
    results = []
    for output_type in ("latent", "np"):
        use_noise(PhiloxStream(recipe["seed"]))
        with torch.no_grad():
            results.append(pipe(**arguments, output_type=output_type).images[0])
    pixels = np.asarray(results[1])
    pixels = (pixels * 255).round().astype(np.uint8)
    result = {"name": case["name"], "kind": kind, "recipe": recipe, "latents": floats(results[0].numpy()), "rgb": data(pixels)}
    return result if kind == "text" else result | {"strength": case["strength"]}


def write_goldens(name: str, config: dict, make_pipeline, cases: list[dict]) -> None:
    write_json(
        GOLDEN / "pipelines" / f"{name}.json",
        {
            "model": name,
            "versions": {"diffusers": diffusers.__version__, "torch": torch.__version__, "transformers": transformers.__version__},
            "schedulerConfig": config,
            "input": data(np.asarray(pictures(64, 64)[0])),
            "mask": data(np.asarray(pictures(64, 64)[1])),
            "cases": [run_case(make_pipeline, config, case) for case in cases],
        },
    )


def layout(name: str, index: dict, scheduler_config: dict) -> Path:
    folder = GOLDEN / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    write_json(folder / "model_index.json", index)
    write_json(folder / "scheduler/scheduler_config.json", scheduler_config)
    return folder
