"""Peer of graphs.ts: the modules of shapes.py in PyTorch float16, channels last, eager and compiled, on random weights that it also writes for ONNX Runtime.

    python test/bench/cuda/torch_peer.py --graphs DIR [--device cuda|cpu] [--shapes real|tiny] [--seconds N] [--compile-mode default]

Fills DIR/<name>/weights.bin, leaves inputs and eager answers beside it (cases.json last, so that whoever waits for it finds everything), then measures.
One JSON line a finding. Measurements hold DIR/card.lock, so that two processes do not measure at once.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import math
import os
import statistics
import sys
import time
import traceback
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from shapes import GRAPHS, build_meta, sample_inputs

# Of these products of 8192 x 8192 the median counts.
PEAK_SIDE, PEAK_RUNS = 8192, 20


def say(**finding) -> None:
    rounded = {key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in finding.items()}
    print(json.dumps(rounded), flush=True)


class Peer:
    def __init__(self, arguments):
        self.graphs, self.shapes, self.device = arguments.graphs, arguments.shapes, torch.device(arguments.device)
        self.until = time.time() + arguments.seconds
        self.compile_mode, self.seconds_each = arguments.compile_mode, arguments.seconds_each
        # Halves are slow and partly missing on processors; there the run only shows that everything runs.
        self.dtype = torch.float16 if self.device.type == "cuda" else torch.float32
        self.modules: dict[str, torch.nn.Module] = {}

    @contextlib.contextmanager
    def card(self):
        with open(self.graphs / "card.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def part(self, name: str, seconds_needed: float, function, *given) -> None:
        if time.time() + seconds_needed > self.until:
            return say(part=f"torch: {name}", skipped="no time left")
        started = time.time()
        try:
            function(*given)
            say(part=f"torch: {name}", ms=1000 * (time.time() - started))
        except Exception:
            say(part=f"torch: {name}", failed=traceback.format_exc())

    def synchronize(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    # Weights, inputs and answers

    def prepare(self, name: str) -> None:
        noise = torch.Generator(self.device).manual_seed(0)
        module, state = build_meta(self.shapes, name), {}
        for key, value in module.state_dict().items():
            if value.ndim > 1:
                # Keeps the size of what passes through, so that nothing overflows in float16.
                state[key] = torch.randn(value.shape, generator=noise, device=self.device, dtype=self.dtype) / math.sqrt(value[0].numel())
            else:
                # Norms have weights of one dimension; everything else of one dimension is a bias.
                state[key] = torch.full(value.shape, float("norm" in key and key.endswith("weight")), device=self.device, dtype=self.dtype)
        module.load_state_dict(state, assign=True)
        self.modules[name] = module.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        folder = self.graphs / name
        for kind in (folder, self.graphs / f"{name}-fused"):
            if (kind / "weights.json").exists():
                write_weights(kind, state)
        cases = []
        for batch in GRAPHS[self.shapes][name]["batches"]:
            inputs = sample_inputs(self.shapes, name, batch)
            case = {"batch": batch, "inputs": {key: write_floats(folder / f"{batch}-{key}.bin", value) for key, value in inputs.items()}}
            with self.card():
                case["output"] = write_floats(folder / f"{batch}-answer.bin", self.call(self.modules[name], name, batch)())
            cases.append(case)
        ready = folder / "cases.json.part"
        ready.write_text(json.dumps(cases))
        ready.rename(folder / "cases.json")

    def call(self, module, name: str, batch: int):
        given = {key: value.to(self.device) for key, value in sample_inputs(self.shapes, name, batch).items()}
        half = {key: value if key == "timestep" else value.to(self.dtype) for key, value in given.items()}
        for key, value in half.items():
            if value.ndim == 4:
                half[key] = value.contiguous(memory_format=torch.channels_last)
        if GRAPHS[self.shapes][name]["kind"] == "vae":
            decode = lambda: self.modules[name].decode(half["latent_sample"], return_dict=False)[0]
            return torch.inference_mode()(decode if module is self.modules[name] else lambda: module(half["latent_sample"]))
        extra = {key: half[key] for key in ("text_embeds", "time_ids") if key in half} or None
        return torch.inference_mode()(
            lambda: module(half["sample"], half["timestep"], half["encoder_hidden_states"], added_cond_kwargs=extra, return_dict=False)[0]
        )

    # Measurements

    def peak(self) -> None:
        side = PEAK_SIDE if self.device.type == "cuda" else 512
        a, b = (torch.randn(side, side, device=self.device, dtype=self.dtype) for _ in range(2))
        with self.card():
            seconds = statistics.median(self.times(lambda: a @ b, PEAK_RUNS))
        say(what="matrix product", side=side, teraflops=2 * side**3 / seconds / 1e12)

    def times(self, call, runs: int) -> list[float]:
        """Seconds of each call, waited for, after three that do not count."""
        taken, until = [], None
        for run in range(runs + 3):
            self.synchronize()
            started = time.perf_counter()
            call()
            self.synchronize()
            if run >= 3:
                taken.append(time.perf_counter() - started)
            until = until or time.time() + self.seconds_each
            if taken and time.time() > until:
                break
        return taken

    def measure(self, name: str, module, engine: str) -> None:
        for batch in GRAPHS[self.shapes][name]["batches"]:
            if time.time() > self.until:
                return say(graph=name, engine=engine, batch=batch, skipped="no time left")
            with self.card():
                self.measure_one(name, module, engine, batch)

    def measure_one(self, name: str, module, engine: str, batch: int) -> None:
        call = self.call(module, name, batch)
        started = time.perf_counter()
        call()
        self.synchronize()
        first = time.perf_counter() - started
        taken = self.times(call, 20)
        seconds = statistics.median(taken)
        memory = torch.cuda.max_memory_allocated() / 1e6 if self.device.type == "cuda" else None
        say(
            graph=name,
            engine=engine,
            batch=batch,
            ms=1000 * seconds,
            callsPerSecond=1 / seconds,
            rowsPerSecond=batch / seconds,
            teraflops=flops(self.shapes, name) * batch / seconds / 1e12,
            spread=[round(1000 * min(taken), 3), round(1000 * max(taken), 3)],
            runs=len(taken),
            firstMs=1000 * first,
            peakMb=memory,
        )

    def compiled(self, name: str, batch: int) -> None:
        """Of one batch: another shape is another compilation."""
        torch._dynamo.reset()
        module = self.modules[name]
        target = module.decode if GRAPHS[self.shapes][name]["kind"] == "vae" else module
        fast = torch.compile(target, mode=None if self.compile_mode == "default" else self.compile_mode, dynamic=False)
        if GRAPHS[self.shapes][name]["kind"] == "vae":
            whole, fast = fast, lambda latents: whole(latents, return_dict=False)[0]
        with self.card():
            self.measure_one(name, fast, f"torch.compile, {self.compile_mode}", batch)

    def compiled_blocks(self, name: str) -> None:
        """Transformer blocks only, which are alike and so compiled once: the whole of SDXL takes minutes."""
        torch._dynamo.reset()
        module = self.modules[name]
        module.compile_repeated_blocks(dynamic=False)
        self.measure(name, module, "torch.compile of the repeated blocks")


def write_weights(folder: Path, state: dict[str, torch.Tensor]) -> None:
    with open(folder / "weights.bin.part", "wb") as file:
        for entry in json.loads((folder / "weights.json").read_text()):
            value = state[entry["parameter"]]
            if entry["layout"] == "transposed":
                value = value.T
            elif entry["layout"] == "channels last":
                value = value.permute(0, 2, 3, 1)
            value = value.to(getattr(torch, entry["type"])).contiguous().cpu()
            if value.numel() * value.element_size() != entry["length"]:
                raise ValueError(f"{entry['name']} has {tuple(value.shape)}, its graph says {entry['dims']}")
            file.seek(entry["offset"])
            file.write(value.view(torch.uint8).numpy().data if value.ndim else bytes(value))
    os.replace(folder / "weights.bin.part", folder / "weights.bin")


def write_floats(path: Path, value: torch.Tensor) -> dict:
    value = value.float().contiguous().cpu()
    path.write_bytes(value.numpy().tobytes())
    return {"file": path.name, "dims": list(value.shape)}


_flops: dict[tuple[str, str], int] = {}


def flops(shapes: str, name: str) -> int:
    """Of one row: matrix products, convolutions and attention, as torch counts them."""
    if (shapes, name) not in _flops:
        from torch.utils.flop_counter import FlopCounterMode

        module = build_meta(shapes, name)
        inputs = {key: value.to("meta") for key, value in sample_inputs(shapes, name, 1).items()}
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            if GRAPHS[shapes][name]["kind"] == "vae":
                module.decode(inputs["latent_sample"])
            else:
                module(
                    inputs["sample"],
                    inputs["timestep"],
                    inputs["encoder_hidden_states"],
                    added_cond_kwargs={key: inputs[key] for key in ("text_embeds", "time_ids") if key in inputs} or None,
                )
        _flops[shapes, name] = counter.get_total_flops()
    return _flops[shapes, name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graphs", type=Path, required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--shapes", choices=list(GRAPHS), default="real")
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--seconds-each", type=float, default=3)
    parser.add_argument("--compile-mode", default="default")
    arguments = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    peer = Peer(arguments)
    say(what="torch", version=torch.__version__, card=torch.cuda.get_device_name() if peer.device.type == "cuda" else "none", cuda=torch.version.cuda)
    names = [name for name in GRAPHS[arguments.shapes] if (arguments.graphs / name / "model.onnx").exists()]
    for name in names:
        peer.part(f"{name}: weights, inputs, answers", 0, peer.prepare, name)
    peer.part("peak", 0, peer.peak)
    for name in names:
        say(graph=name, what="work", gigaflopsPerRow=flops(arguments.shapes, name) / 1e9)
    for name in names:
        if name in peer.modules:
            peer.part(f"{name}: eager", 3, peer.measure, name, peer.modules[name], "torch eager")
    for name, batch in (("sd15", 1), ("vae", 1), ("sd15", 8), ("sd15", 4)):
        if name in peer.modules and batch in GRAPHS[arguments.shapes][name]["batches"]:
            peer.part(f"{name}: compiled for batch {batch}", 25, peer.compiled, name, batch)
    if "sdxl" in peer.modules:
        peer.part("sdxl: repeated blocks compiled", 25, peer.compiled_blocks, "sdxl")


if __name__ == "__main__":
    main()
