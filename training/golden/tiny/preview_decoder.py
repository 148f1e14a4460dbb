"""A decoder of TAESD's layout, for previews."""

import base64
import json
import shutil

import diffusers
import numpy as np
import torch
from diffusers import AutoencoderTiny

from .files import GOLDEN, data, write_json
from .onnx_export import export


def make_preview_decoder() -> None:
    """A decoder of TAESD's layout beside the SD 1 model, and what it makes of the latents of sd1's Euler golden."""
    torch.manual_seed(51)
    tiny = AutoencoderTiny(
        encoder_block_out_channels=(4,) * 4, decoder_block_out_channels=(4,) * 4, num_encoder_blocks=(1,) * 4, num_decoder_blocks=(1,) * 4
    ).eval()
    with torch.no_grad():
        # Fresh weights would paint everything near black, where the clamp hides mistakes.
        tiny.decoder.layers[-1].weight.mul_(4)
        tiny.decoder.layers[-1].bias.fill_(0.5)
    folder = GOLDEN / "models/preview-decoder/preview_decoder"
    shutil.rmtree(folder.parent, ignore_errors=True)
    image = {0: "batch_size", 2: "height", 3: "width"}
    export(
        folder / "model.onnx",
        tiny,
        lambda z: tiny.decode(z, return_dict=False)[0],
        {"latent_sample": torch.randn(1, 4, 8, 8)},
        ["sample"],
        {"latent_sample": image, "sample": image},
    )
    write_json(folder / "config.json", dict(tiny.config))
    euler = next(case for case in json.loads((GOLDEN / "pipelines/sd1.json").read_text())["cases"] if case["name"] == "Euler")
    latents = torch.from_numpy(np.frombuffer(base64.b64decode(euler["latents"]), "<f4").copy()).reshape(1, 4, 8, 8)
    with torch.no_grad():
        pixels = tiny.decode(latents / tiny.config.scaling_factor, return_dict=False)[0][0].permute(1, 2, 0).numpy()
    write_json(
        GOLDEN / "pipelines/preview-decoder.json",
        {
            "model": "preview-decoder",
            "versions": {"diffusers": diffusers.__version__, "torch": torch.__version__},
            "case": "Euler",
            "rgb": data(((pixels / 2 + 0.5).clip(0, 1) * 255).round().astype(np.uint8)),
        },
    )
