"""Trains the U-Net, and with it the roles of words, on encoded scenes.

Stops cleanly on SIGTERM, survives kill -9 (atomic checkpoints), and counts samples, never wall time: a paused process loses nothing. The learning rate
warms up, then stays constant, so training can go on for as long as there is time; `--cooldown N` takes it to zero over the next N samples.
"""
from __future__ import annotations

import argparse
import copy
import json
import signal
import time
import tomllib
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..model.checkpoint import load_autoencoder, load_state, load_weights, save_state
from .gradient_helper import GradientHelper
from .muon import Muon, split_parameters
from ..data.pool import ScenePool
from .progress import bar, draw_curve, say
from ..model.schedule import alpha_sigma, sample_ddim, stratified_timesteps
from ..data.sprites import Sprites
from ..model.text import FrozenMiniLM, TextEncoder, build_tokenizer, encode
from ..model.unet import UNet, placement_loss

SHEET_PROMPTS = [
    "a panda eating tacos at the beach", "a fox in the forest", "a robot and a cactus in the desert", "two penguins in the snow",
    "a rocket in space", "a dog next to a birthday cake on a pink background", "a whale in the ocean", "a dragon above a castle at sunset",
    "a red car in the city", "cartoon of a cat wearing a top hat", "flat illustration of a pizza on a yellow background", "an astronaut riding a horse on the moon",
    "a puppy in a garden", "three apples in the kitchen", "a wizard holding a key at night", "a lion on a white background",
]  # fmt: skip


def predict(unet, sample, timestep, context):
    with torch.autocast(sample.device.type, dtype=torch.bfloat16):
        return unet(sample.contiguous(memory_format=torch.channels_last), timestep, context).float()


def embed(text, ids):
    with torch.autocast(ids.device.type, dtype=torch.bfloat16):
        return text(ids)


def object_share(samples: int, config: dict) -> float:
    """The curriculum: single large objects first, composed scenes later."""
    start, end = config["curriculum_start"], config["curriculum_end"]
    progress = min(1.0, max(0.0, (samples - start) / max(1, end - start)))
    return 1 - progress * (1 - config["object_share_final"])


class Validation:
    """Fixed scenes, fixed noise, timesteps spread evenly: comparable between runs on the same data version."""

    def __init__(self, pool: ScenePool, n: int, mean, scale, device):
        pool.make(n, 0.0)
        generator = torch.Generator().manual_seed(1)
        latents = (pool.latents[:n].float() - mean) / scale
        self.latents, self.noise = latents.to(device), torch.randn(latents.shape, generator=generator).to(device)
        self.ids, self.masks = pool.ids[:n].long().to(device), pool.masks[:n].float().to(device)
        self.timesteps = (torch.arange(n) * 1000 // n).to(device)

    @torch.no_grad()
    def __call__(self, unet, text) -> tuple[float, float]:
        """(loss, loss on the objects' cells only)"""
        total = objects = 0.0
        for s in torch.arange(len(self.latents), device=self.latents.device).split(64):
            a, sigma = alpha_sigma(self.timesteps[s])
            x, n = self.latents[s], self.noise[s]
            error = (predict(unet, a * x + sigma * n, self.timesteps[s], embed(text, self.ids[s])) - (a * n - sigma * x)).square().mean(1)
            total += error.mean().item() * len(s)
            objects += ((error * self.masks[s]).sum() / self.masks[s].sum()).item() * len(s)
        return total / len(self.latents), objects / len(self.latents)


def save_sheet(path, unet, text, tokenizer, vae, mean, scale, prompts=SHEET_PROMPTS, seed=0, columns=4, steps=25, guidance=4.0):
    device = next(unet.parameters()).device
    noise = torch.randn(len(prompts), 16, 16, 16, generator=torch.Generator().manual_seed(seed)).to(device)
    with torch.no_grad():
        context, uncond = embed(text, encode(tokenizer, prompts).to(device)), embed(text, encode(tokenizer, [""] * len(prompts)).to(device))
        z = sample_ddim(lambda *a: predict(unet, *a), noise, context, uncond, steps, guidance).cpu()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            pictures = vae.decode((z * scale + mean).contiguous(memory_format=torch.channels_last)).float().clamp(0, 1)
    rows = -(-len(prompts) // columns)
    grid = torch.zeros(rows * columns, 3, *pictures.shape[2:])
    grid[: len(prompts)] = pictures
    h, w = pictures.shape[2:]
    grid = grid.reshape(rows, columns, 3, h, w).permute(0, 3, 1, 4, 2).reshape(rows * h, columns * w, 3)
    Image.fromarray((grid.numpy() * 255).astype(np.uint8)).save(path)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path(__file__).parents[2] / "configs" / "unet.toml")
    parser.add_argument("--data", type=Path, default=Path(".data/training"), help="folder with icons/, and vae.pt unless the autoencoder is the shipped one")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run; continues from its checkpoint when there is one")
    parser.add_argument("--init", type=Path, help="checkpoint or exported model folder whose averaged weights to start from (new optimiser state)")
    parser.add_argument("--samples", type=int, default=10**12, help="stop after this many samples in all")
    parser.add_argument("--cooldown", type=int, default=0, help="take the learning rate to zero over this many samples from now, then stop")
    parser.add_argument("--device", default="cpu", help="cuda: the same training on a GPU, without the helper process")
    args = parser.parse_args(argv)
    device = torch.device(args.device)
    config = tomllib.loads(args.config.read_text())
    args.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(config["threads"])
    torch.manual_seed(config["seed"])

    sprites, tokenizer = Sprites(args.data / "icons"), build_tokenizer()
    vae, mean, scale = load_autoencoder(args.data)
    validate = Validation(ScenePool(256, sprites, vae, tokenizer, split=1), 256, mean, scale, device)

    unet = UNet(channels=tuple(config["channels"]), depth=config["depth"]).to(device, memory_format=torch.channels_last)
    text = TextEncoder(FrozenMiniLM.from_package(), depth=config["text_depth"]).to(device)
    ema_unet, ema_text = copy.deepcopy(unet).requires_grad_(False), copy.deepcopy(text).requires_grad_(False)
    text.look.requires_grad_(False), unet.appearance.requires_grad_(False)  # as aligned: the U-Net learns to place what the words already look like
    text.role.requires_grad_(config["role_lr"] > 0)
    hidden_unet, rest_unet = split_parameters([unet], ("conv_in", "conv_out"))
    hidden_text, rest_text = split_parameters([text.role])
    hidden, rest = hidden_unet + hidden_text, rest_unet + rest_text
    optimisers = [
        Muon(hidden_unet, config["muon_lr"], weight_decay=config["muon_weight_decay"]),
        torch.optim.AdamW(rest, config["adam_lr"], betas=(0.9, 0.99), weight_decay=0.0),
    ]
    base_lrs = [config["muon_lr"], config["adam_lr"]]
    if hidden_text:
        optimisers.append(Muon(hidden_text, config["role_lr"], weight_decay=config["muon_weight_decay"]))
        base_lrs.append(config["role_lr"])

    checkpoint_path, log_path = args.run / "checkpoint.pt", args.run / "log.jsonl"
    step = samples = 0
    if checkpoint_path.exists():
        state = torch.load(checkpoint_path, weights_only=False, map_location=device)
        unet.load_state_dict(state["unet"]), text.load_state_dict(state["text"], strict=False)
        ema_unet.load_state_dict(state["ema_unet"]), ema_text.load_state_dict(state["ema_text"], strict=False)
        for optimiser, saved in zip(optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
        step, samples = state["step"], state["samples"]
    elif args.init:
        state = load_state(args.init)
        for model in (unet, ema_unet) if "ema_unet" in state else ():  # a newly aligned text transformer has no U-Net yet
            load_weights(model, state["ema_unet"])
        for model in (text, ema_text):
            load_weights(model, state["ema_text"])
        samples = state["samples"]
    start_samples, start_step = samples, step

    pool = ScenePool(config["pool"], sprites, vae, tokenizer, split=0)
    pool_path = args.run / "pool.pt"
    if pool_path.exists():
        pool.load(pool_path)
    else:
        pool.first = int(samples * config["fresh_share"])  # a resumed run goes on with scenes it has not made yet
        while pool.made < config["pool_start"]:
            pool.make(64, object_share(samples, config))
    pool_made = pool.made

    stop = False

    def on_term(*_):
        nonlocal stop
        stop = True

    signal.signal(signal.SIGTERM, on_term)
    for layer in (unet.place_in, unet.place_out):
        layer.keep_weights = True
    uncond_ids = encode(tokenizer, [""])
    batch, log = config["batch"] if device.type == "cpu" else config["batch"] + config["helper_batch"], open(log_path, "a")
    parameters = hidden + rest
    progress = torch.tensor([samples]).share_memory_()
    last = start_samples + args.cooldown if args.cooldown else args.samples
    watched = bar(last if last < 10**12 else None, "sample", initial=samples)

    def gradients(n: int, generator: torch.Generator) -> tuple[int, float]:
        """Adds the gradient of the loss summed over n samples; returns (n, unweighted loss sum)."""
        share = object_share(int(progress), config)
        x, ids, mask, places = pool.draw(n, generator)
        x = (x - mean) / scale
        dropped = torch.rand(n, generator=generator) < config["caption_dropout"]
        ids[dropped], places[dropped] = uncond_ids, -1
        t = stratified_timesteps(n, generator)
        noise = torch.randn(x.shape, generator=generator)
        x, ids, mask, places, t, noise = (value.to(device) for value in (x, ids, mask, places, t, noise))
        a, sigma = alpha_sigma(t)
        out = predict(unet, a * x + sigma * noise, t, embed(text, ids))
        error = (out - (a * noise - sigma * x)).square().mean(1)
        weight = 1 + config["object_weight"] * share * mask
        loss = (error * weight).sum() / weight.sum() + config["placement_weight"] * placement_loss(unet, places)
        (loss * n).backward()
        return n, error.mean().item() * n

    def refill() -> bool:
        """Makes scenes the training is owed; false when there is nothing to do."""
        due = pool_made + (int(progress) - start_samples) * config["fresh_share"]
        if pool.made >= due:
            return False
        pool.make(8, object_share(int(progress), config))
        return True

    helper = GradientHelper(parameters) if config["helper_batch"] and device.type == "cpu" else None
    if helper:
        helper.publish()
        helper_generator = torch.Generator().manual_seed(config["seed"] * 1_000_003 + step + 500_009)
        helper.start(lambda: gradients(config["helper_batch"], helper_generator), refill)
    cpu0 = time.process_time()
    average, since, tick = None, 0, time.time()
    next_log, next_save, next_sheet = samples + config["log_every"], time.time() + config["save_seconds"], (samples // config["sheet_every"] + 1) * config["sheet_every"]

    def save():
        state = {
            "unet": unet.state_dict(), "text": text.trained_state(), "ema_unet": ema_unet.state_dict(), "ema_text": ema_text.trained_state(),
            "optimisers": [o.state_dict() for o in optimisers], "step": step, "samples": samples, "config": config,
        }  # fmt: skip
        save_state(state, checkpoint_path)

    while not stop and samples < args.samples:
        for p in parameters:
            p.grad = None
        n, loss_sum = gradients(batch, torch.Generator().manual_seed(config["seed"] * 1_000_003 + step))
        if helper:
            helped, helped_loss = helper.take()
            n, loss_sum = n + helped, loss_sum + helped_loss
        else:
            refill()
        torch._foreach_div_([p.grad for p in parameters], float(n))
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        warm = min(1.0, (samples - start_samples + batch) / config["warmup"])
        cool = max(0.0, 1 - (samples - start_samples) / args.cooldown) if args.cooldown else 1.0
        for optimiser, lr in zip(optimisers, base_lrs):
            for group in optimiser.param_groups:
                group["lr"] = lr * warm * cool
        if torch.isfinite(norm):
            for optimiser in optimisers:
                optimiser.step()
        if helper:
            helper.publish()
        step, samples, since = step + 1, samples + n, since + n
        progress.fill_(samples)
        watched.update(n)
        decay = min(config["ema"], (step + 1) / (step + 10))
        with torch.no_grad():
            for averaged, live in ((ema_unet, unet), (ema_text, text)):
                pairs = [(p, q) for p, q in zip(averaged.parameters(), live.parameters()) if q.requires_grad]
                if pairs:
                    torch._foreach_lerp_([p for p, _ in pairs], [q for _, q in pairs], 1 - decay)
        average = loss_sum / n if average is None else average * 0.98 + loss_sum / n * 0.02
        if samples >= next_log:
            elapsed = time.time() - tick
            loss_all, loss_objects = validate(ema_unet, ema_text)
            record = dict(samples=samples, step=step, train=round(average, 4), val=round(loss_all, 4), val_objects=round(loss_objects, 4), samples_per_second=round(since / elapsed, 1), cpu_hours=round((time.process_time() - cpu0) / 3600, 3), object_share=round(object_share(samples, config), 3), batch=round((samples - start_samples) / max(1, step - start_step), 1), time=time.strftime("%H:%M:%S"))
            log.write(json.dumps(record) + "\n"), log.flush()
            say(record)
            draw_curve(log_path, args.run / "curve.png", "samples", {"train": "loss in training", "val": "validation loss", "val_objects": "on objects"})
            next_log, since, tick = samples + config["log_every"], 0, time.time()
        if samples >= next_sheet:
            save_sheet(args.run / f"sheet-{samples:07d}.png", ema_unet, ema_text, tokenizer, vae, mean, scale)
            next_sheet += config["sheet_every"]
        if time.time() >= next_save:
            save()
            next_save = time.time() + config["save_seconds"]
        if args.cooldown and samples - start_samples >= args.cooldown:
            break
    save()
    pool.save(pool_path)
    save_sheet(args.run / "sheet-last.png", ema_unet, ema_text, tokenizer, vae, mean, scale)


if __name__ == "__main__":
    main()
