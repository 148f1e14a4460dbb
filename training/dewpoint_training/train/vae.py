"""Trains the autoencoder on random 128 px crops of scenes and of wild mixes of every sprite.

Loss: L1 plus L1 of the picture's gradients (edges and eyes), on latents with noise 0.1 added (so that a diffusion model's small errors stay small), plus
a penalty that keeps a half-size latent decoding to the half-size picture. The U-Net's hours depend on these weights: change them only at a restart.
"""
from __future__ import annotations

import argparse
import copy
import time
import tomllib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from ..data.backgrounds import PAINTERS, paint_background
from ..model.checkpoint import save_state
from .muon import Muon, split_parameters
from .progress import bar, say
from ..data.grid_scenes import SceneGenerator, render_scene
from ..data.sprites import Sprites
from ..model.vae import VAE

CROP = 128


def wild_mix(rng: np.random.Generator, sprites: Sprites) -> Image.Image:
    """One to four sprites of any kind, size, place, tilt and style: the decoder must draw what no caption asks for."""
    image = paint_background(str(rng.choice(list(PAINTERS))), rng)
    for _ in range(rng.integers(1, 5)):
        sprite = Image.fromarray(np.asarray(sprites.pixels[rng.integers(len(sprites.pixels))]), "RGBA")
        size = int(np.clip(rng.lognormal(4.5, 0.45), 30, 190))
        if rng.random() < 0.3:
            sprite = sprite.rotate(rng.uniform(-30, 30), Image.BICUBIC)
        sprite = sprite.resize((size, size), Image.LANCZOS)
        if rng.random() < 0.4:
            sprite = sprite.transpose(Image.FLIP_LEFT_RIGHT)
        image.paste(sprite, tuple(int(v - size / 2) for v in rng.uniform(20, 236, 2)), sprite)
    return image


def reconstruction_loss(y, x):
    e = y - x
    return e.abs().mean() + (e[..., 1:] - e[..., :-1]).abs().mean() + (e[..., 1:, :] - e[..., :-1, :]).abs().mean()


def psnr(y, x) -> float:
    return -10 * torch.log10((y.clamp(0, 1) - x).square().mean()).item()


def to_tensor(images) -> torch.Tensor:
    return torch.from_numpy(np.stack([np.asarray(i) for i in images])).permute(0, 3, 1, 2).float().div(255).contiguous(memory_format=torch.channels_last)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path(__file__).parents[2] / "configs" / "vae.toml")
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--init", type=Path, help="weights to start from")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(argv)
    config = tomllib.loads(args.config.read_text())
    torch.manual_seed(config["seed"])
    torch.set_num_threads(config["threads"])
    sprites = Sprites(args.data / "icons")
    generator, rng = SceneGenerator(sprites), np.random.default_rng(config["seed"])
    model = VAE()
    if args.init:
        model.load_state_dict({k: v.float() for k, v in torch.load(args.init, weights_only=True)["weights"].items()})
    model = model.to(memory_format=torch.channels_last)
    average = copy.deepcopy(model).requires_grad_(False)
    hidden, rest = split_parameters([model])
    optimisers = [(Muon(hidden, config["muon_lr"]), config["muon_lr"]), (torch.optim.AdamW(rest, config["adam_lr"], betas=(0.9, 0.98), weight_decay=0), config["adam_lr"])]

    made = 0

    def picture():
        nonlocal made
        made += 1
        return wild_mix(rng, sprites) if rng.random() < config["wild_share"] else render_scene(generator.scene([4, made]), sprites)

    held = np.random.default_rng(99)
    validation = {"scenes": to_tensor([render_scene(generator.scene([5, k]), sprites) for k in range(24)]), "wild": to_tensor([wild_mix(held, sprites) for _ in range(24)])}
    pool = [np.asarray(picture()) for _ in range(64)]
    started = time.time()
    watched = bar(config["steps"], "step")
    for step in range(config["steps"]):
        watched.update()
        for _ in range(config["fresh_per_step"]):
            if len(pool) < config["pool"]:
                pool.append(np.asarray(picture()))
            else:
                pool[rng.integers(len(pool))] = np.asarray(picture())
        crops = []
        for _ in range(config["batch"]):
            y, x = rng.integers(0, 256 - CROP + 1, 2)
            crops.append(pool[rng.integers(len(pool))][y : y + CROP, x : x + CROP])
        x = to_tensor(crops)
        half = step % 3 == 0  # the scale penalty on every third step is enough
        with torch.autocast("cpu", dtype=torch.bfloat16):
            latents = model.encode(x).float()
            y = model.decode(latents + config["latent_noise"] * torch.randn_like(latents)).float()
            y_half = model.decode(F.avg_pool2d(latents, 2)).float() if half else None
        loss = reconstruction_loss(y, x) + 1e-3 * (latents.mean((0, 2, 3)).square().mean() + (latents.std((0, 2, 3)) - 1).square().mean())
        if half:
            loss = loss + 0.25 * reconstruction_loss(y_half, F.avg_pool2d(x, 2))
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser, lr in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = lr * min(1, (step + 1) / 200) * (1 - 0.97 * step / config["steps"])
            optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - min(0.998, (step + 1) / (step + 10)))
        if (step + 1) % config["log_every"] == 0 or step + 1 == config["steps"]:
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                scores = {name: round(psnr(average.decode(average.encode(v).float()).float(), v), 2) for name, v in validation.items()}
            say(f"step {step + 1}: loss {loss.item():.4f}, PSNR {scores}, {(step + 1) * config['batch'] / (time.time() - started):.1f} crops/s")
            with torch.no_grad():
                latents = average.encode(validation["scenes"])
            mean = latents.mean((0, 2, 3), keepdim=True)[0]
            statistics = {"mean": mean, "scale": (latents - mean).std().item()}  # diffusion happens in latents of mean 0 and deviation 1
            save_state({"weights": {k: v.half() for k, v in average.state_dict().items()}} | statistics, args.out)


if __name__ == "__main__":
    main()
