"""Turns a trained U-Net into one that draws in 1 to 8 steps, with guidance built in: same inputs and outputs, LCM sampling (few_step.py).

The teacher draws guided trajectories (DPM-Solver++ 2M, 17 levels); the student learns, at the levels few-step sampling asks it at, to say at once where a
trajectory ends. That is the consistency function itself instead of its bootstrapped estimate (Luo et al. 2023, arXiv 2310.04378): the same teacher
calls a state, and no error that has to travel through the levels first. Text encoder and looks are the teacher's and stay.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from pathlib import Path

import torch
from torch import Tensor

from ..data.compose import Composer
from ..data.plans import plan_stream
from ..model.checkpoint import Autoencoder, compact, load_models, save_state
from ..model.schedule import ALPHAS_CUMPROD
from ..model.text import empty_prompt
from .config import CONFIGS, awaited, read_config
from .muon import Muon, split_parameters
from .optimisers import Average, Optimisers, rate
from .progress import say
from .sheet import SHEET_PROMPTS, draw, grid

CONFIG = CONFIGS / "distill.toml"


@torch.no_grad()
def trajectory(predict, z: Tensor, timesteps: list[int]) -> tuple[Tensor, Tensor]:
    """DPM-Solver++ 2M (Lu et al. 2022, arXiv 2211.01095) of predict(sample, timestep) → v, from z at timesteps[0] → (states [levels, n, ...], where they end
    [n, ...])"""
    states, before, h_before = [], None, 0.0
    for i, t in enumerate(timesteps):
        states.append(z)
        a, s = ALPHAS_CUMPROD[t].sqrt().item(), (1 - ALPHAS_CUMPROD[t]).sqrt().item()
        x = a * z - s * predict(z, t)
        if i + 1 == len(timesteps):
            return torch.stack(states), x
        a2, s2 = ALPHAS_CUMPROD[timesteps[i + 1]].sqrt(), (1 - ALPHAS_CUMPROD[timesteps[i + 1]]).sqrt()
        h = ((a2 / s2).log() - torch.tensor(a / s).log()).item()
        mixed = x if before is None else (1 + h / (2 * h_before)) * x - h / (2 * h_before) * before
        z = (s2 / s).item() * z - a2.item() * torch.expm1(torch.tensor(-h)).item() * mixed
        before, h_before = x, h


class States:
    """A rotating store of (state, level, prompt's tokens, where its trajectory ends) on the device."""

    def __init__(self, capacity: int, tokens: int, device: torch.device):
        latents = lambda: torch.zeros(capacity, 16, 16, 16, dtype=torch.float16, device=device)
        self.z, self.end, self.made = latents(), latents(), 0
        self.t = torch.zeros(capacity, dtype=torch.int64, device=device)
        self.ids = torch.zeros(capacity, tokens, dtype=torch.int64, device=device)

    def add(self, states: Tensor, end: Tensor, timesteps: list[int], ids: Tensor) -> None:
        levels, n = states.shape[:2]
        at = (torch.arange(levels * n, device=end.device) + self.made) % len(self.z)
        self.z[at], self.end[at] = states.flatten(0, 1).half(), end.repeat(levels, 1, 1, 1).half()
        self.t[at] = torch.tensor(timesteps, device=end.device).repeat_interleave(n)
        self.ids[at] = ids.repeat(levels, 1)
        self.made += levels * n

    @property
    def size(self) -> int:
        return min(self.made, len(self.z))

    def draw(self, n: int, weights: Tensor) -> Tensor:
        """Indices; `weights` [1000] by timestep."""
        return torch.multinomial(weights[self.t[: self.size]], n, replacement=True)


class Trainer:
    def __init__(self, config: dict, data: Path, checkpoint: Path, autoencoder: Path, device: torch.device, workers: int):
        self.config, self.device = config, device
        torch.manual_seed(config["seed"])
        # Before anything touches the GPU: a process forked after that may not use it.
        self.plans = plan_stream(workers, config["seed"] + 555, config["trajectories"])
        self.composer = Composer(data, device)
        self.autoencoder = Autoencoder.load(autoencoder).to(device)
        teacher, text, self.state = load_models(awaited(checkpoint), data)
        self.teacher, self.text = teacher.to(device, memory_format=torch.channels_last), text.to(device)
        self.student = copy.deepcopy(self.teacher).requires_grad_(True)
        self.student.looks.requires_grad_(False)
        self.average = Average(config["ema"], self.student)
        hidden, rest = split_parameters([self.student], ("conv_in", "conv_out"))
        self.optimisers = Optimisers(
            (Muon(hidden, config["muon_lr"], weight_decay=0.0), config["muon_lr"]),
            (torch.optim.AdamW(rest, config["adam_lr"], betas=(0.9, 0.98), weight_decay=0.0), config["adam_lr"]),
        )
        self.states = States(config["pool"], 32, device)
        self.weights = torch.zeros(1000, device=device)
        self.weights[config["timesteps"]] = 1.0
        self.weights[config["asked"]] = config["asked_weight"]
        self.empty = empty_prompt().to(device)
        self.alphas = ALPHAS_CUMPROD.to(device)
        compiled = torch.compile if config["compile"] else lambda f: f
        self.teach, self.answer = compiled(self.teacher), compiled(self.student)
        self.drawn = 0

    @torch.no_grad()
    def draw_trajectories(self) -> None:
        """One batch of plans: half of them from pure noise, half from their noised scenes at some level, which is what re-noising between steps gives."""
        config, plan = self.config, next(self.plans)
        ids, timesteps = plan.to(self.device)["ids"], config["timesteps"]
        z = torch.randn(len(ids), 16, 16, 16, device=self.device)
        if self.drawn % 2:
            start = 1 + int(torch.randint(len(timesteps) - 3, (1,)))
            timesteps = timesteps[start:]
            a = self.alphas[timesteps[0]]
            z = a.sqrt() * self.autoencoder.encode(self.composer.compose(plan.arrays())[0]) + (1 - a).sqrt() * z
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            context = self.text(torch.cat([ids, self.empty.expand(len(ids), -1)]))

            def guided(z: Tensor, t: int) -> Tensor:
                both = torch.cat([z, z]).contiguous(memory_format=torch.channels_last)
                v, free = self.teach(both, torch.full((len(both),), t, device=self.device), context).float().chunk(2)
                return free + config["guidance"] * (v - free)

            states, end = trajectory(guided, z, timesteps)
        self.states.add(states, end, timesteps, ids)
        self.drawn += 1

    def step(self, share: float) -> Tensor:
        i = self.states.draw(self.config["batch"], self.weights)
        z, t, end = self.states.z[i].float(), self.states.t[i], self.states.end[i].float()
        a = self.alphas[t][:, None, None, None]
        a, s = a.sqrt(), (1 - a).sqrt()
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            with torch.no_grad():
                context = self.text(self.states.ids[i])
            v = self.answer(z.contiguous(memory_format=torch.channels_last), t, context).float()
        # In units of v the levels weigh as they did in training; the target in them is what would end the trajectory at once.
        loss = ((v - (a * z - end) / s).square().mean((1, 2, 3)) * s[:, 0, 0, 0] ** 2 / (s**2).mean()).mean()
        loss.backward()
        self.optimisers.step(share)
        self.average.update()
        return loss.detach()

    def train(self, minutes: float, run: Path) -> None:
        config = self.config
        while self.states.made < config["pool_start"]:
            self.draw_trajectories()
        self.step(0.0)
        began, steps, total, next_log = time.time(), 0, 0.0, time.time() + config["log_seconds"]
        with open(run / "log.jsonl", "a") as log:
            while (progress := (time.time() - began) / (60 * minutes)) < 1:
                if steps * config["batch"] >= (self.states.made - config["pool_start"]) * config["views"]:
                    self.draw_trajectories()
                total = total + self.step(rate(progress, 0.03, config["falls_from"]))
                steps += 1
                if time.time() >= next_log:
                    record = {
                        "step": steps,
                        "samples": steps * config["batch"],
                        "loss": round(float(total) / steps, 4),
                        "states": self.states.made,
                        "seconds": round(time.time() - began),
                    }
                    log.write(json.dumps(record) + "\n"), log.flush(), say(record)
                    next_log = time.time() + config["log_seconds"]
        self.state |= {"distill_samples": steps * config["batch"], "distill_seconds": round(60 * minutes)}

    def save(self, run: Path) -> None:
        state = {key: value for key, value in self.state.items() if key not in ("ema_unet", "ema_text", "heads")}
        save_state(
            state
            | {
                "ema_unet": compact(self.average.modules[0].state_dict()),
                "ema_text": compact(self.text.trained_state()),
                "scheduler": "LCMScheduler",
                "distill_config": self.config,
            },
            run / "checkpoint.pt",
        )

    def sheet(self, path: Path, counts: tuple[int, ...] = (1, 2, 4, 8)) -> None:
        """One row of prompts per step count."""
        rows = [draw(self.average.modules[0], self.text, self.autoencoder, SHEET_PROMPTS[:12], steps=n, few=True) for n in counts]
        grid(torch.cat(rows), 12).save(path, quality=90)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--autoencoder", type=Path, help="the data folder's vae.pt otherwise")
    parser.add_argument("--checkpoint", type=Path, required=True, help="the teacher: a checkpoint or an exported folder")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that plan scenes")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="instead of the config's")
    args = parser.parse_args(argv)
    config = read_config(args.config, args.set)
    args.run.mkdir(parents=True, exist_ok=True)
    if args.device == "cpu":
        torch.set_num_threads(config["threads"])
    torch.set_float32_matmul_precision("high")
    trainer = Trainer(config, args.data, args.checkpoint, args.autoencoder or args.data / "vae.pt", torch.device(args.device), args.workers)
    trainer.train(args.minutes, args.run)
    trainer.save(args.run)
    trainer.sheet(args.run / "sheet.webp")


if __name__ == "__main__":
    main()
