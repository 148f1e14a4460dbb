"""Graphs held against the modules they came from: the U-Net by the latents a whole diffusers run ends with, the others by their outputs."""

import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from .export_graphs import PROMPT

STEPS = 4
# Largest relative error (L2 over L2). float32 differs in the order of sums only; fp16 should be invisible; int8 may move an edge, not a thing.
LIMITS = {"fp32": 1e-3, "fp16": 0.03, "int8": 0.3}


def session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class OnnxUNet(torch.nn.Module):
    """Stands in a diffusers pipeline where the U-Net was, and remembers what it was asked."""

    def __init__(self, path: Path, source):
        super().__init__()
        self.session, self.config, self.asked = session(path), source.config, []
        self.add_embedding = getattr(source, "add_embedding", None)
        self.dtype, self.device = torch.float32, torch.device("cpu")

    def forward(self, sample, timestep, encoder_hidden_states, timestep_cond=None, added_cond_kwargs=None, **_):
        rows = sample.shape[0]
        given = {
            "sample": sample,
            "timestep": timestep.float().expand(rows) if timestep.ndim < 1 else timestep.float(),
            "encoder_hidden_states": encoder_hidden_states,
            "timestep_cond": timestep_cond,
            **(added_cond_kwargs or {}),
        }
        feed = {info.name: given[info.name].detach().numpy().astype(np.float32) for info in self.session.get_inputs()}
        self.asked.append(feed)
        return (torch.from_numpy(self.session.run(None, feed)[0]),)


def latents_of(pipe, unet, side: int) -> np.ndarray:
    """What a short run ends with, always from the same noise."""
    source, pipe.unet = pipe.unet, unet
    try:
        pipe.set_progress_bar_config(disable=True)
        arguments = dict(prompt=PROMPT, num_inference_steps=STEPS, width=side, height=side, output_type="latent", generator=torch.Generator().manual_seed(7))
        if "Inpaint" in type(pipe).__name__:
            from PIL import Image

            arguments |= dict(image=Image.new("RGB", (side, side), (90, 120, 60)), mask_image=Image.new("L", (side, side), 255))
        with torch.no_grad():
            return pipe(**arguments).images[0].float().numpy()
    finally:
        pipe.unet = source


def relative_error(values: np.ndarray, reference: np.ndarray) -> float:
    error = float(np.linalg.norm(values.astype(np.float64) - reference) / np.linalg.norm(reference.astype(np.float64)))
    return error if np.isfinite(error) else float("inf")


def accept(path: Path, what: str, precision: str, error: float) -> None:
    """@raises SystemExit where the float32 graph is not the source's; removes another precision that is too far off."""
    limit = LIMITS[precision]
    verdict = "ok" if error <= limit else "left out"
    print(f"{what} {precision}: relative error {error:.2g} (at most {limit:g}), {verdict}", flush=True)
    if error <= limit:
        return
    if precision == "fp32":
        sys.exit(f"The ONNX graph of the {what} does not give what the model gives; nothing was converted")
    for file in (path, path.with_name(path.name + "_data")):
        file.unlink(missing_ok=True)


def check_component(path: Path, what: str, precision: str, feed: dict[str, np.ndarray], expected: np.ndarray, output: str) -> None:
    made = session(path)
    (values,) = made.run([output], {info.name: feed[info.name] for info in made.get_inputs()})
    accept(path, what, precision, relative_error(values, expected))
