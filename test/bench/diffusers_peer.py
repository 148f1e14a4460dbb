"""Peer of core.ts: diffusers on the tiny SD 1 model of export_tiny_models.py, same steps, size and guidance.

python test/bench/diffusers_peer.py BATCH ROUNDS prints {precision: [milliseconds...]}: float32 and bfloat16, channels last.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import torch
from diffusers import DDIMScheduler

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))
from golden.tiny.cases import NEGATIVE, PROMPT, STABLE_DIFFUSION, simple_pipeline
from golden.tiny.parts import text_encoder, tokenizer, unet, vae

torch.set_num_threads(2)
batch, rounds = int(sys.argv[1]), int(sys.argv[2])
config = STABLE_DIFFUSION | {"prediction_type": "epsilon", "timestep_spacing": "leading"}
with tempfile.TemporaryDirectory() as folder:
    tok = tokenizer(Path(folder))
    parts = dict(vae=vae(1), text_encoder=text_encoder(tok, 2), tokenizer=tok, unet=unet(3))
pipe = simple_pipeline(parts)("text")
pipe.scheduler = DDIMScheduler.from_config(config)
pipe.set_progress_bar_config(disable=True)
results = {}
for precision in (torch.float32, torch.bfloat16):
    pipe.to(precision)
    pipe.unet.to(memory_format=torch.channels_last)
    times = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        with torch.inference_mode():
            pipe([PROMPT] * batch, negative_prompt=[NEGATIVE] * batch, num_inference_steps=20, guidance_scale=7.5, height=64, width=64, output_type="np")
        times.append((time.perf_counter() - started) * 1000)
    results[str(precision).removeprefix("torch.")] = times[1:]
print(json.dumps(results))
