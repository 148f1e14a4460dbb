"""Tiny but architecturally real Stable Diffusion models: seeded weights, exported to ONNX, with diffusers' own results.

Writes test/golden/models/<name>/ (diffusers ONNX layout, as optimum names inputs and outputs) and
test/golden/pipelines/<name>.json (what diffusers makes of them). `sd1-attention` and `preview-decoder` are single components that
stand beside sd1's. Run: python training/golden/export_tiny_models.py [name...]

The noise is Philox as torch's CUDA generator lays it out, drawn in the order diffusers draws from its generator, so that a
golden needs no GPU and holds for the core's noise. Weights are random: the pictures mean nothing, the arithmetic everything.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from golden.tiny.attention import make_sd1_attention
from golden.tiny.files import GOLDEN
from golden.tiny.preview_decoder import make_preview_decoder
from golden.tiny.whole_models import make_inpaint, make_lcm, make_sd1, make_sd2, make_sdxl

MODELS = {
    "sd1": make_sd1,
    "sd2": make_sd2,
    "sdxl": make_sdxl,
    "inpaint": make_inpaint,
    "lcm": make_lcm,
    "sd1-attention": make_sd1_attention,
    "preview-decoder": make_preview_decoder,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or MODELS:
        MODELS[name]()
        size = sum(path.stat().st_size for path in (GOLDEN / "models" / name).rglob("*") if path.is_file())
        print(f"{name}: {size / 1e3:.0f} kB of model, {(GOLDEN / 'pipelines' / f'{name}.json').stat().st_size / 1e3:.0f} kB of goldens")
