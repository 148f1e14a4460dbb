"""Peer of embedded-model.ts: the same U-Net, from the same exported weights, in torch at its best on a CPU (bf16 autocast, channels last).

python test/bench/torch_unet_peer.py FOLDER BATCH ROUNDS prints {"precision", "threads", "torch", "ms": [milliseconds a call, ...]} as its last line.
"""

import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))
from dewpoint_training.model.checkpoint import load_models

THREADS = 2
folder, batch, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(THREADS)
unet, text, _ = load_models(folder)
unet = unet.to(memory_format=torch.channels_last)
sample = torch.randn(batch, 16, 16, 16).contiguous(memory_format=torch.channels_last)
timestep, context = torch.full((batch,), 500), text(torch.ones(batch, 32, dtype=torch.long))
times = []
with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
    for _ in range(rounds + 3):
        started = time.perf_counter()
        unet(sample, timestep, context)
        times.append((time.perf_counter() - started) * 1000)
print(json.dumps({"precision": "bfloat16 autocast, channels last", "threads": THREADS, "torch": torch.__version__, "ms": times[3:]}))
