"""Trains the autoencoder on crops of composed scenes and of wild mixes of things, for a given time.

Loss: L1 plus L1 of the picture's gradients (edges and eyes), on latents with noise added (so that a diffusion model's small errors stay small); from a third
of the time on also a small patch discriminator's features and verdict, which keep edges as sharp as they are, and a squared error that keeps
them where they are. Everything after it depends on these weights: change them only at a restart.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ..data.compose import Composer
from ..data.plans import plan_stream
from ..model.checkpoint import Autoencoder
from ..model.vae import VAE
from .config import CONFIGS, read_config
from .muon import Muon, split_parameters
from .optimisers import Average, Optimisers, rate
from .progress import say
from .sheet import grid

CONFIG = CONFIGS / "vae.toml"


class PatchDiscriminator(nn.Module):
    """Says of every 8 px patch whether it was drawn or decoded; its features compare the two."""

    def __init__(self):
        super().__init__()
        conv = lambda a, b, kernel, stride: spectral_norm(nn.Conv2d(a, b, kernel, stride, kernel // 2))
        self.layers = nn.ModuleList([conv(3, 64, 5, 2), conv(64, 128, 3, 2), conv(128, 192, 3, 2), conv(192, 192, 3, 1)])
        self.verdict = spectral_norm(nn.Conv2d(192, 1, 3, 1, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        features, x = [], x * 2 - 1
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            features.append(x)
        return self.verdict(x), features


def edges(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def reconstruction_loss(y: Tensor, x: Tensor) -> Tensor:
    e = y - x
    across, down = edges(e)
    return e.abs().mean() + across.abs().mean() + down.abs().mean()


def psnr(y: Tensor, x: Tensor) -> float:
    """Mean over pictures, dB."""
    return (-10 * torch.log10((y.clamp(0, 1) - x).square().mean((1, 2, 3)))).mean().item()


def edge_energy(y: Tensor, x: Tensor) -> float:
    """Of the truth's."""
    return (edges(y)[0].abs().mean() / edges(x)[0].abs().mean()).item()


def crops_of(pictures: Tensor, size: int, step: int = 16) -> Tensor:
    """One random crop of each picture, its corner on the grid of the latents."""
    n, _, h, w = pictures.shape
    top, left = (torch.randint(0, (side - size) // step + 1, (n,), device=pictures.device) * step for side in (h, w))
    at = torch.arange(size, device=pictures.device)
    rows, columns = (top[:, None] + at)[:, None, :, None], (left[:, None] + at)[:, None, None, :]
    return pictures[torch.arange(n, device=pictures.device)[:, None, None, None], torch.arange(3, device=pictures.device)[None, :, None, None], rows, columns]


class Trainer:
    def __init__(self, config: dict, data: Path, device: torch.device, workers: int, init: Path | None):
        self.config, self.device = config, device
        torch.manual_seed(config["seed"])
        # Before anything touches the GPU: a process forked after that may not use it.
        self.plans = plan_stream(workers, config["seed"] + 77, config["plan_batch"])
        self.composer = Composer(data, device)
        vae = Autoencoder.load(init).vae.requires_grad_(True) if init else VAE()
        self.vae, self.judge = vae.to(device, memory_format=torch.channels_last), PatchDiscriminator().to(device, memory_format=torch.channels_last)
        if config["freeze_encoder"]:
            self.vae.e.requires_grad_(False)
        self.average = Average(config["ema"], self.vae)
        hidden, rest = split_parameters([self.vae], ("e.1", "d.0"))
        self.optimisers = Optimisers(
            (Muon(hidden, config["muon_lr"], weight_decay=0.0), config["muon_lr"]),
            (torch.optim.AdamW(rest, config["adam_lr"], betas=(0.9, 0.98), weight_decay=0.0), config["adam_lr"]),
        )
        self.judge_optimiser = Optimisers(
            (torch.optim.AdamW(self.judge.parameters(), config["judge_lr"], betas=(0.5, 0.95), weight_decay=0.0), config["judge_lr"])
        )
        self.pictures, self.made = torch.zeros(config["pool"], 3, 256, 256, dtype=torch.uint8), 0
        self.pictures = self.pictures.to(device)
        if config["compile"]:
            self.encode, self.decode = torch.compile(self.vae.encode), torch.compile(self.vae.decode)
        else:
            self.encode, self.decode = self.vae.encode, self.vae.decode

    @torch.no_grad()
    def compose(self) -> None:
        pictures, _ = self.composer.compose(next(self.plans).arrays())
        at = torch.arange(self.made, self.made + len(pictures), device=self.device) % len(self.pictures)
        self.pictures[at] = (pictures.clamp(0, 1) * 255).round().to(torch.uint8)
        self.made += len(pictures)

    def draw(self) -> Tensor:
        i = torch.randint(0, min(self.made, len(self.pictures)), (self.config["batch"],), device=self.device)
        return crops_of(self.pictures[i].float().div(255), self.config["crop"]).contiguous(memory_format=torch.channels_last)

    def step(self, progress: float) -> Tensor:
        config, x = self.config, self.draw()
        sharpening = min(1.0, max(0.0, (progress - config["sharpen_from"]) / 0.1))
        share = rate(progress, 0.02, config["falls_from"])
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            latents = self.encode(x).float()
            y = self.decode(latents + config["latent_noise"] * torch.randn_like(latents)).float()
        statistics = latents.mean((0, 2, 3)).square().mean() + (latents.std((0, 2, 3)) - 1).square().mean()
        loss = reconstruction_loss(y, x) + config["squared"] * (y - x).square().mean() + 1e-3 * statistics
        zero = torch.zeros((), device=self.device)
        features, verdict, doubt = zero, zero, zero
        if sharpening > 0:
            shown = y.detach().clamp(-0.1, 1.1)
            with torch.autocast(self.device.type, dtype=torch.bfloat16):
                doubt = F.relu(1 - self.judge(x)[0].float()).mean() + F.relu(1 + self.judge(shown)[0].float()).mean()
            doubt.backward()
            self.judge_optimiser.step(share)
            self.judge.requires_grad_(False)
            with torch.autocast(self.device.type, dtype=torch.bfloat16):
                says, decoded = self.judge(y)
                with torch.no_grad():
                    _, drawn = self.judge(x)
            features = sum((a.float() - b.float()).abs().mean() / (b.float().abs().mean() + 1e-3) for a, b in zip(decoded, drawn)) / len(drawn)
            verdict = -says.float().mean()
            loss = loss + sharpening * (config["features"] * features + config["adversarial"] * verdict)
        loss.backward()
        self.judge.requires_grad_(True)
        self.optimisers.step(share)
        self.average.update()
        return torch.stack([loss.detach(), features.detach(), doubt.detach()])

    def train(self, minutes: float, held: Tensor | None, log: Path) -> None:
        config = self.config
        while self.made < config["pool_start"]:
            self.compose()
        self.step(0.0), self.step(1.0 - 1e-9)  # compiles both kinds of step at a rate of nothing
        began, steps, next_log = time.time(), 0, time.time() + config["log_seconds"]
        with open(log, "a") as lines:
            while (progress := (time.time() - began) / (60 * minutes)) < 1:
                if steps * config["batch"] >= (self.made - config["pool_start"]) * config["views"]:
                    self.compose()
                losses = self.step(progress)
                steps += 1
                if time.time() >= next_log:
                    record = {
                        "step": steps,
                        "crops": steps * config["batch"],
                        "seconds": round(time.time() - began),
                        **{name: round(v, 4) for name, v in zip(("loss", "features", "doubt"), losses.tolist())},
                        **self.score(held),
                    }
                    lines.write(json.dumps(record) + "\n"), lines.flush(), say(record)
                    next_log = time.time() + config["log_seconds"]

    def score(self, held: Tensor | None) -> dict:
        if held is None:
            return {}
        y = self.finished().decoded(held)
        return {"psnr": round(psnr(y, held), 2), "edges": round(edge_energy(y, held), 3)}

    @torch.no_grad()
    def finished(self) -> Finished:
        i = torch.arange(0, min(self.made, len(self.pictures)), max(1, min(self.made, len(self.pictures)) // 256), device=self.device)
        vae = self.average.modules[0]
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            latents = vae.encode(self.pictures[i].float().div(255).contiguous(memory_format=torch.channels_last)).float()
        mean = latents.mean((0, 2, 3), keepdim=True)[0]
        return Finished(vae, mean, (latents - mean).std().item())


class Finished(Autoencoder):
    def decoded(self, pictures: Tensor) -> Tensor:
        return self.decode(self.encode(pictures))


def held_pictures(path: Path | None, device: torch.device) -> Tensor | None:
    """A folder of pictures, in the order of their names."""
    if path is None:
        return None
    import numpy as np
    from PIL import Image

    pictures = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in sorted(path.iterdir()) if file.suffix in (".png", ".webp")])
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(255).to(device)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--init", type=Path, help="an autoencoder to start from: vae.pt or an exported folder")
    parser.add_argument("--held", type=Path, help="a folder of pictures to score reconstructions on as it goes")
    parser.add_argument("--out", type=Path, required=True, help="vae.pt to write; a log and a sheet beside it")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that plan scenes")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="instead of the config's")
    args = parser.parse_args(argv)
    config = read_config(args.config, args.set)
    if args.device == "cpu":
        torch.set_num_threads(config["threads"])
    torch.set_float32_matmul_precision("high")
    device = torch.device(args.device)
    held = held_pictures(args.held, device)
    trainer = Trainer(config, args.data, device, args.workers, args.init)
    trainer.train(args.minutes, held, args.out.with_suffix(".jsonl"))
    finished = trainer.finished()
    finished.save(args.out)
    shown = trainer.pictures[:12].float().div(255) if held is None else held[:12]
    grid(torch.stack([shown, finished.decoded(shown).clamp(0, 1)], 1).flatten(0, 1), 8).save(args.out.with_suffix(".webp"), quality=92)
    say({"scale": round(finished.scale, 4), **trainer.score(held)})


if __name__ == "__main__":
    main()
