"""Turns a trained U-Net into one that draws in 1 to 8 steps, with guidance built in: same inputs and outputs, LCM sampling (few_step.py).

A teacher's guided trajectories (DPM-Solver++ 2M, 17 levels) are drawn beforehand or beside; the student learns, at the levels few-step sampling asks it
at, to say at once where a trajectory ends. That is the consistency function itself instead of its bootstrapped estimate (Luo et al. 2023,
arXiv 2310.04378, `target = "consistency"` here): the same teacher calls a state, and no error that has to travel through the levels first, which is what
a budget of minutes has no steps for. The encoder of text, the placing of words and their appearances are the teacher's and stay.
"""
from __future__ import annotations

import argparse
import copy
import json
import os
import signal
import time
import tomllib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch import multiprocessing as mp

from ..model.checkpoint import load_autoencoder, load_models, save_state
from ..model.few_step import denoised, lcm_timesteps, sample_lcm
from .muon import Muon, split_parameters
from ..data.pool import encode_pictures
from .progress import bar, draw_curve, say
from ..data.grid_scenes import SceneGenerator, render_scene
from ..model.schedule import ALPHAS_CUMPROD, alpha_sigma
from ..data.sprites import Sprites
from ..model.text import build_tokenizer, encode
from .unet import SHEET_PROMPTS

SPLIT = 8  # the first number of the seeds of the scenes drawn here
CHUNK = 8  # trajectories drawn together


def predict(unet, sample: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
    with torch.autocast(sample.device.type, dtype=torch.bfloat16):
        return unet(sample.contiguous(memory_format=torch.channels_last), timestep, context).float()


@torch.no_grad()
def trajectory(teacher, z: Tensor, context: Tensor, uncond: Tensor, timesteps: list[int], guidance: float) -> tuple[Tensor, Tensor]:
    """DPM-Solver++ 2M (Lu et al. 2022, arXiv 2211.01095) from z at timesteps[0] → (states [levels, n, ...], where they end [n, ...])"""
    states, before, h_before = [], None, None
    for i, t in enumerate(timesteps):
        states.append(z)
        n = len(z)
        at = torch.full((2 * n,), t)
        v = predict(teacher, torch.cat([z, z]), at, torch.cat([context, uncond]))
        v = v[n:] + guidance * (v[:n] - v[n:])
        a, s = ALPHAS_CUMPROD[t].sqrt(), (1 - ALPHAS_CUMPROD[t]).sqrt()
        x = a * z - s * v
        if i + 1 == len(timesteps):
            return torch.stack(states), x
        a2, s2 = ALPHAS_CUMPROD[timesteps[i + 1]].sqrt(), (1 - ALPHAS_CUMPROD[timesteps[i + 1]]).sqrt()
        h = (a2 / s2).log() - (a / s).log()
        mixed = x if before is None else (1 + h / (2 * h_before)) * x - h / (2 * h_before) * before
        z = s2 / s * z - a2 * torch.expm1(-h) * mixed
        before, h_before = x, h


class States:
    """A rotating store of (state, level, prompt, where its trajectory ends, the state one level on), shared between processes."""

    def __init__(self, capacity: int, shape: tuple[int, ...], tokens: int):
        floats = lambda: torch.zeros(capacity, *shape, dtype=torch.float16).share_memory_()
        self.z, self.end, self.next = floats(), floats(), floats()
        self.t, self.t_next = (torch.zeros(capacity, dtype=torch.int64).share_memory_() for _ in range(2))  # t_next -1: the end is next
        self.ids = torch.zeros(capacity, tokens, dtype=torch.int32).share_memory_()
        self.made = torch.zeros(2, dtype=torch.int64).share_memory_()  # states, trajectories

    def add(self, states: Tensor, end: Tensor, timesteps: list[int], ids: Tensor) -> None:
        levels, n = states.shape[:2]
        follow = torch.cat([states[1:], end[None]])
        at = (torch.arange(levels * n) + int(self.made[0])) % len(self.z)
        self.z[at], self.next[at], self.end[at] = states.flatten(0, 1).half(), follow.flatten(0, 1).half(), end.repeat(levels, 1, 1, 1).half()
        self.t[at] = torch.tensor(timesteps).repeat_interleave(n)
        self.t_next[at] = torch.tensor([*timesteps[1:], -1]).repeat_interleave(n)
        self.ids[at] = ids.repeat(levels, 1).int()
        self.made += torch.tensor([levels * n, n])

    @property
    def size(self) -> int:
        return min(int(self.made[0]), len(self.z))

    def draw(self, n: int, weights: Tensor, generator: torch.Generator) -> Tensor:
        """Indices; `weights` [1000] by timestep."""
        return torch.multinomial(weights[self.t[: self.size]], n, replacement=True, generator=generator)


class Teacher:
    """Draws trajectories of fresh training scenes' captions; chunk k is the same chunk every time."""

    def __init__(self, checkpoint: Path, data: Path, config: dict, device: str):
        self.unet, self.text, self.state = load_models(checkpoint)
        self.unet, self.text = self.unet.to(device, memory_format=torch.channels_last), self.text.to(device)
        self.config, self.device, self.tokenizer = config, device, build_tokenizer()
        self.sprites = Sprites(data / "icons")
        self.vae, self.mean, self.scale = load_autoencoder(data)
        self.generator = SceneGenerator(self.sprites)

    @torch.no_grad()
    def embed(self, ids: Tensor) -> Tensor:
        with torch.autocast(self.device, dtype=torch.bfloat16):
            return self.text(ids.to(self.device))

    @torch.no_grad()
    def draw(self, k: int, store: States) -> None:
        config, rng = self.config, np.random.default_rng([SPLIT, k])
        generator = torch.Generator().manual_seed(k)
        scenes = [self.generator.scene([SPLIT, k, i]) for i in range(CHUNK)]
        ids = encode(self.tokenizer, [s.caption for s in scenes])
        z, timesteps = torch.randn(CHUNK, *store.z.shape[1:], generator=generator), config["timesteps"]
        if rng.random() < config["from_data"]:
            timesteps = timesteps[int(rng.integers(1, len(timesteps) - 2)) :]
            x = (encode_pictures(self.vae, np.stack([np.asarray(render_scene(s, self.sprites)) for s in scenes])) - self.mean) / self.scale
            a, s = alpha_sigma(torch.full((CHUNK,), timesteps[0]))
            z = a * x + s * z
        uncond = self.embed(encode(self.tokenizer, [""])).expand(CHUNK, -1, -1)
        states, end = trajectory(lambda *a: self.unet(*(v.to(self.device) for v in a)).cpu(), z, self.embed(ids), uncond, timesteps, config["guidance"])
        store.add(states, end, timesteps, ids)


def teach(checkpoint: Path, data: Path, config: dict, device: str, store: States, first: int, parent: int) -> None:
    """The teacher's process."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    torch.set_num_threads(1)
    teacher, k = Teacher(checkpoint, data, config, device), first
    while os.getppid() == parent:
        teacher.draw(k, store)
        k += 1


def sheet(path: Path, unet, teacher: Teacher, vae, steps: tuple[int, ...] = (1, 2, 4, 8)) -> None:
    """One row of prompts per step count."""
    prompts = SHEET_PROMPTS[:8]
    rows = []
    with torch.no_grad():
        context = teacher.embed(encode(teacher.tokenizer, prompts))
        for n in steps:
            noise = torch.randn(len(prompts), 16, 16, 16, generator=torch.Generator().manual_seed(0))
            z = sample_lcm(lambda *a: predict(unet, *a), noise, context, n, [torch.Generator().manual_seed(i) for i in range(len(prompts))])
            pictures = vae.decode((z * teacher.scale + teacher.mean).contiguous(memory_format=torch.channels_last)).clamp(0, 1)
            rows.append(pictures.permute(2, 0, 3, 1).reshape(256, -1, 3))
    Image.fromarray((torch.cat(rows).numpy() * 255).astype(np.uint8)).resize((len(prompts) * 128, len(steps) * 128)).save(path)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path(__file__).parents[2] / "configs" / "distill.toml")
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--checkpoint", type=Path, required=True, help="the teacher: a checkpoint or an exported folder")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run; continues from its checkpoint when there is one")
    parser.add_argument("--minutes", type=float, help="instead of the config's")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args(argv)
    config = tomllib.loads(args.config.read_text())
    budget = 60 * (args.minutes or config["minutes"])
    args.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(config["threads"])
    torch.manual_seed(config["seed"])

    teacher = Teacher(args.checkpoint, args.data, config, args.device)
    student = copy.deepcopy(teacher.unet).requires_grad_(True)
    for part in (student.appearance, student.place_in.which, student.place_out.which):
        part.requires_grad_(False)
    average = copy.deepcopy(student).requires_grad_(False)
    hidden, rest = split_parameters([student], ("conv_in", "conv_out"))
    optimisers = [(Muon(hidden, config["muon_lr"], weight_decay=0.0), config["muon_lr"]), (torch.optim.AdamW(rest, config["adam_lr"], betas=(0.9, 0.98), weight_decay=0.0), config["adam_lr"])]
    path, step, spent, samples, drawn = args.run / "checkpoint.pt", 0, 0.0, 0, 0
    if path.exists():
        saved = torch.load(path, weights_only=False, map_location="cpu")
        student.load_state_dict(saved["unet"]), average.load_state_dict(saved["ema_unet"])
        for (optimiser, _), state in zip(optimisers, saved["optimisers"]):
            optimiser.load_state_dict(state)
        step, spent, samples, drawn = saved["distill_step"], saved["seconds"], saved["distill_samples"], saved["chunks"]

    store = States(config["pool"], (16, 16, 16), encode(teacher.tokenizer, [""]).shape[1])
    started = time.time()
    if config["teacher"]:
        process = mp.get_context("fork").Process(target=teach, args=(args.checkpoint, args.data, config, args.device, store, drawn, os.getpid()), daemon=True)
        process.start()
    first = drawn
    while int(store.made[0]) < config["pool_start"]:
        if config["teacher"]:
            time.sleep(0.2)
        else:
            teacher.draw(drawn, store)
            drawn += 1
    weights = torch.zeros(1000)
    weights[config["timesteps"]] = 1.0
    weights[config["asked"]] = config["asked_weight"]
    stop = False

    def on_term(*_):
        nonlocal stop
        stop = True

    signal.signal(signal.SIGTERM, on_term)
    log = open(args.run / "log.jsonl", "a")
    watched = bar(None, "step", initial=step)
    next_save, mean_loss = time.time() + config["save_seconds"], None

    def save(elapsed: float) -> None:
        chunks = first + int(store.made[1]) // CHUNK
        state = {
            "unet": student.state_dict(), "ema_unet": average.state_dict(), "text": teacher.text.trained_state(), "ema_text": teacher.text.trained_state(), "config": teacher.state["config"],
            "samples": teacher.state["samples"], "optimisers": [o.state_dict() for o, _ in optimisers], "distill_step": step, "distill_samples": samples, "seconds": elapsed, "chunks": chunks,
            "scheduler": "LCMScheduler", "distill_config": config,
        }  # fmt: skip
        save_state(state, path)

    while not stop and (elapsed := spent + time.time() - started) < budget:
        progress = elapsed / budget
        i = store.draw(config["batch"], weights, torch.Generator().manual_seed(config["seed"] * 1_000_003 + step))
        z, t, ids = store.z[i].float(), store.t[i], store.ids[i].long()
        context = teacher.embed(ids)
        if config["target"] == "endpoint":
            target = store.end[i].float()
        else:
            follow, t_next = store.next[i].float(), store.t_next[i]
            with torch.no_grad():
                clean = denoised(follow, predict(average, follow, t_next.clamp(min=0), context), t_next.clamp(min=0))
            target = torch.where((t_next < 0)[:, None, None, None], follow, clean)
        a, s = alpha_sigma(t)
        v = predict(student, z.to(args.device), t.to(args.device), context).cpu()
        # In units of v the levels weigh as they did in training; the target in them is what would end the trajectory at once.
        loss = (v - (a * z - target) / s).square().mean((1, 2, 3)) * s[:, 0, 0, 0] ** 2 / (s[:, 0, 0, 0] ** 2).mean()
        for optimiser, lr in optimisers:
            optimiser.zero_grad()
            for group in optimiser.param_groups:
                group["lr"] = lr * min(1.0, (step + 1) / 20) * (1 - progress)
        loss.mean().backward()
        torch.nn.utils.clip_grad_norm_(hidden + rest, 1.0)
        for optimiser, _ in optimisers:
            optimiser.step()
        step, samples = step + 1, samples + config["batch"]
        watched.update()
        decay = min(config["ema"], (step + 1) / (step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(student.parameters()), 1 - decay)
        mean_loss = loss.mean().item() if mean_loss is None else 0.95 * mean_loss + 0.05 * loss.mean().item()
        if not config["teacher"] and int(store.made[0]) < samples:
            teacher.draw(drawn, store)
            drawn += 1
        if step % config["log_every"] == 0:
            record = dict(step=step, samples=samples, loss=round(mean_loss, 4), trajectories=int(store.made[1]), seconds=round(elapsed))
            log.write(json.dumps(record) + "\n"), log.flush()
            say(record)
            draw_curve(args.run / "log.jsonl", args.run / "curve.png", "step", {"loss": "loss"})
        if time.time() >= next_save:
            save(elapsed)
            next_save = time.time() + config["save_seconds"]
    save(spent + time.time() - started)
    sheet(args.run / "sheet.png", average, teacher, teacher.vae)
    print(f"{step} steps on {samples} states; LCM asks at {[lcm_timesteps(n) for n in (1, 2, 4, 8)]}; {args.run}/sheet.png: 1, 2, 4 and 8 steps")


if __name__ == "__main__":
    main()
