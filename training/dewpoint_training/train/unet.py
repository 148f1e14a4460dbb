"""Trains the U-Net and the text encoder's two branches together, for a given time, on scenes composed and encoded as it goes.

Beside the diffusion loss four small ones say what the renderer knows: which thing and which spot of it every place shows (`placement`); what the things
look like, as icons (`likeness`) and where they are rightly placed in the scene (`painting`), which teach the looks without waiting for the placing; and from
the words alone where on the picture each thing may be (`roles`: without it words say what a thing looks like but not which of two it is, record 0019).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import signal
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data.compose import Composer
from ..data.concepts import all_concepts
from ..data.looks import SETS
from ..data.plans import plan_stream
from ..model.checkpoint import Autoencoder, compact, load_state, load_weights, save_state
from ..model.schedule import ALPHAS_CUMPROD, stratified_timesteps
from ..model.text import FrozenMiniLM, TextEncoder, empty_prompt
from ..model.unet import LOOK, ROLE, Looks, Placing, UNet
from ..model.vae import LATENT_CHANNELS
from .config import CONFIGS, awaited, read_config
from .encoded_scenes import SIDE, THINGS, EncodedScenes
from .likenesses import CHANNELS, likenesses
from .muon import Muon, split_parameters
from .optimisers import Average, Optimisers, rate
from .placements import of_thing, spots_of, tokens_of
from .progress import draw_curve, say
from .sheet import save_sheet

CONFIG = CONFIGS / "unet.toml"


class Losses(nn.Module):
    """The models and the heads that only training needs; `forward` is the whole loss of a batch."""

    def __init__(self, unet: UNet, text: TextEncoder, config: dict):
        super().__init__()
        self.unet, self.text, self.config = unet, text, config
        wide = unet.conv_in.out_channels
        self.paint_out = nn.Conv2d(wide, unet.conv_in.in_channels, 3, padding=1)
        self.where = nn.Linear(LOOK + ROLE, 64)
        self.register_buffer("alphas", ALPHAS_CUMPROD, persistent=False)
        self.register_buffer("likenesses", torch.zeros(len(all_concepts()) * len(SETS), Looks.CELLS, CHANNELS, dtype=torch.float16), persistent=False)

    def forward(
        self, latents: Tensor, noise: Tensor, t: Tensor, ids: Tensor, carrier: Tensor, fine: Tensor, coarse: Tensor, box: Tensor, mirror: Tensor, sprite: Tensor
    ) -> tuple[Tensor, Tensor]:
        """→ (what to minimise, [diffusion loss, on the things alone, placement, painting, likeness, roles])"""
        unet, config = self.unet, self.config
        a = self.alphas[t][:, None, None, None]
        a, s = a.sqrt(), (1 - a).sqrt()
        context = self.text(ids)
        looks, e = unet.looks(context[..., :LOOK]), unet.embed(t, context)
        v, choices = unet.denoise((a * latents + s * noise).to(memory_format=torch.channels_last), e, context, looks)
        error = (v.float() - (a * noise - s * latents)).square().mean(1)
        things = (fine[:, 0] >= 0).float()
        weight = 1 + config["thing_weight"] * things
        diffusion = (error * weight).sum() / weight.sum()
        on_things = (error.detach() * things).sum() / things.sum().clamp(min=1)

        placement = torch.zeros((), device=latents.device)
        tokens = ids.shape[1]
        for thing, (token_logits, cell_logits) in zip((coarse, fine), choices):
            target = tokens_of(thing, carrier, tokens)
            spots = spots_of(thing, box, mirror)
            surprise = F.cross_entropy(token_logits.float().flatten(0, 2), target.clamp(min=0).flatten(), reduction="none").unflatten(0, target.shape)
            told, empty = target >= 0, target == tokens
            shown = told & ~empty
            amiss = -(spots * cell_logits.float().log_softmax(-1)).sum(-1)
            mean = lambda x, where: (x * where).sum() / where.sum().clamp(min=1)
            placement = placement + 0.5 * (mean(surprise, shown) + 0.5 * mean(surprise, empty) + mean(amiss, shown))

        # What is rightly placed, painted: `thing`, `shown` and `spots` are the fine grid's.
        nobody = carrier.shape[1]
        chosen = F.one_hot(torch.where(shown, thing.flatten(2).transpose(1, 2), nobody), nobody + 1).to(looks.dtype)
        theirs = of_thing(looks.flatten(2), carrier).unflatten(2, looks.shape[2:])
        features = Placing.look_up(chosen, spots.to(looks.dtype), theirs).transpose(1, 2).unflatten(2, fine.shape[2:])
        painted = self.paint_out(unet.painted(features, e)).float()
        front = shown[..., 0].unflatten(1, fine.shape[2:]).float()
        painting = ((painted - latents).square().mean(1) * front).sum() / front.sum().clamp(min=1)

        alike = theirs[..., :CHANNELS].float() - self.likenesses[sprite.clamp(min=0)].float()
        asked = (sprite >= 0) & (carrier >= 0)
        likeness = (alike.square().mean((2, 3)) * asked).sum() / asked.sum().clamp(min=1)

        # Where the things named may be, from the words alone.
        cover = torch.stack([(coarse == k).any(1) for k in range(carrier.shape[1])], 1).flatten(2).float()
        named = of_thing(context, carrier)
        said = F.binary_cross_entropy_with_logits(self.where(named).float(), cover, reduction="none").mean(-1)
        present = (carrier >= 0) & (cover.amax(-1) > 0)
        roles = (said * present).sum() / present.sum().clamp(min=1)

        total = (
            diffusion
            + config["placement_weight"] * placement
            + config["painting_weight"] * painting
            + config["likeness_weight"] * likeness
            + config["roles_weight"] * roles
        )
        return total, torch.stack([error.detach().mean(), on_things, placement.detach(), painting.detach(), likeness.detach(), roles.detach()])


LOSSES = ("loss", "things", "placement", "painting", "likeness", "roles")


class Trainer:
    """One run: models, optimisers, scenes; `train` ends by the clock, `save` at any time."""

    def __init__(self, config: dict, data: Path, autoencoder: Path, run: Path, device: torch.device, workers: int, init: Path | None = None):
        self.config, self.run, self.device = config, run, device
        torch.manual_seed(config["seed"])
        # Before anything touches the GPU: a process forked after that may not use it.
        self.stage = multiprocessing.get_context("spawn").Value("d", 0.0)
        self.plans = plan_stream(workers, config["seed"], config["plan_batch"], self.stage)
        composer = Composer(data, device)
        self.unet = UNet(channels=tuple(config["channels"]), depth=config["depth"]).to(device, memory_format=torch.channels_last)
        self.text = TextEncoder(FrozenMiniLM.load(data), depth=config["text_depth"]).to(device)
        self.losses = Losses(self.unet, self.text, config).to(device)
        self.samples = 0
        if init:
            self.start_from(init)
        self.average = Average(config["ema"], self.unet, self.text)
        hidden, rest = split_parameters([self.unet], ("conv_in", "conv_out"))
        text_hidden, text_rest = split_parameters([self.text.look, self.text.role])
        heads = [*self.losses.paint_out.parameters(), *self.losses.where.parameters()]
        self.optimisers = Optimisers(
            (Muon(hidden, config["muon_lr"], weight_decay=config["muon_weight_decay"]), config["muon_lr"]),
            (Muon(text_hidden, config["text_lr"], weight_decay=config["muon_weight_decay"]), config["text_lr"]),
            (
                torch.optim.AdamW(rest + text_rest + heads, config["adam_lr"], betas=(0.9, 0.99), weight_decay=0.0, fused=device.type == "cuda"),
                config["adam_lr"],
            ),
        )
        self.empty = empty_prompt().to(device)
        self.step_loss = torch.compile(self.losses) if config["compile"] else self.losses
        self.step(0.0, self.blank_batch())  # compiles, while the autoencoder may still be trained
        self.autoencoder = Autoencoder.load(awaited(autoencoder)).to(device)
        self.scenes = EncodedScenes(config["pool"], self.autoencoder.encode, composer, device)
        self.losses.likenesses.copy_(likenesses(composer, self.autoencoder, data))

    def start_from(self, path: Path) -> None:
        state = load_state(path)
        load_weights(self.unet, state["ema_unet"])
        load_weights(self.text, state["ema_text"])
        if "heads" in state:
            self.losses.load_state_dict(state["heads"], strict=False)
        self.samples = state["samples"]

    def fill(self, scenes: int) -> None:
        while self.scenes.made < scenes:
            self.scenes.add(next(self.plans))

    def batch(self) -> dict[str, Tensor]:
        batch = self.scenes.draw(self.config["batch"])
        dropped = torch.rand(len(batch["ids"]), device=self.device) < self.config["caption_dropout"]
        batch["ids"] = torch.where(dropped[:, None], self.empty, batch["ids"])
        batch["carrier"] = torch.where(dropped[:, None], -1, batch["carrier"])
        batch["t"] = stratified_timesteps(len(dropped), self.device)
        return batch | {"noise": torch.randn_like(batch["latents"])}

    def blank_batch(self) -> dict[str, Tensor]:
        """A batch of the right shapes and nothing in it."""
        n, device = self.config["batch"], self.device
        whole = lambda *shape: torch.full((n, *shape), -1, device=device)
        latents = torch.zeros(n, LATENT_CHANNELS, SIDE, SIDE, device=device)
        return {
            "latents": latents,
            "noise": latents,
            "t": whole().abs(),
            "ids": self.empty.expand(n, -1).contiguous(),
            "carrier": whole(THINGS),
            "fine": whole(2, SIDE, SIDE),
            "coarse": whole(2, SIDE // 2, SIDE // 2),
            "box": torch.zeros(n, THINGS, 4, device=device),
            "mirror": torch.zeros(n, THINGS, dtype=torch.bool, device=device),
            "sprite": whole(THINGS),
        }

    def step(self, share: float, batch: dict[str, Tensor] | None = None) -> Tensor:
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            total, parts = self.step_loss(**(batch or self.batch()))
        total.backward()
        self.optimisers.step(share)
        self.average.update()
        return parts

    def train(self, minutes: float, stop=lambda: False) -> None:
        config = self.config
        self.fill(config["pool_start"])
        began, steps, sums, since = time.time(), 0, torch.zeros(len(LOSSES), device=self.device), 0
        next_log, next_save, next_sheet = (began + config[f"{what}_seconds"] for what in ("log", "save", "sheet"))
        ticked = began
        while (progress := (time.time() - began) / (60 * minutes)) < 1 and not stop():
            self.stage.value = min(1.0, progress / config["composed_from"])
            # A batch of plans comes as often as every scene may be seen `views` times.
            if steps * config["batch"] >= (self.scenes.made - config["pool_start"]) * config["views"]:
                self.scenes.add(next(self.plans))
            sums += self.step(rate(progress, config["warm_up"], config["falls_from"]))
            steps, since = steps + 1, since + 1
            self.samples += config["batch"]
            now = time.time()
            if now >= next_log:
                parts = (sums / since).tolist()
                record = {
                    "samples": self.samples,
                    "step": steps,
                    **{name: round(value, 4) for name, value in zip(LOSSES, parts)},
                    "per_second": round(since * config["batch"] / (now - ticked)),
                    "scenes": self.scenes.made,
                    "minutes": round((now - began) / 60, 2),
                }
                with open(self.run / "log.jsonl", "a") as log:
                    log.write(json.dumps(record) + "\n")
                say(record)
                sums.zero_()
                since, ticked, next_log = 0, now, now + config["log_seconds"]
            if now >= next_save:
                self.save()
                next_save = time.time() + config["save_seconds"]
            if now >= next_sheet:
                self.sheet(f"sheet-{self.samples:08d}.webp")
                next_sheet = time.time() + config["sheet_seconds"]
        self.save()
        self.save("final.pt")  # what waits for the whole run waits for this

    def save(self, name: str = "checkpoint.pt") -> None:
        unet, text = self.average.modules
        heads = {k: v for k, v in self.losses.state_dict().items() if k.startswith(("paint_out", "where"))}
        save_state(
            {
                "ema_unet": compact(unet.state_dict()),
                "ema_text": compact(text.trained_state()),
                "heads": compact(heads),
                "samples": self.samples,
                "config": self.config,
            },
            self.run / name,
        )

    def sheet(self, name: str) -> None:
        unet, text = self.average.modules
        save_sheet(self.run / name, unet, text, self.autoencoder)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--data", type=Path, default=Path(".data/training"), help="folder with sprites.pack and frozen.pt")
    parser.add_argument("--autoencoder", type=Path, help="what `train-vae` wrote; the data folder's vae.pt otherwise")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run")
    parser.add_argument("--init", type=Path, help="checkpoint whose averaged weights to start from")
    parser.add_argument("--minutes", type=float, required=True, help="of training, after everything is loaded and compiled")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that plan scenes")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="instead of the config's")
    args = parser.parse_args(argv)
    config = read_config(args.config, args.set)
    args.run.mkdir(parents=True, exist_ok=True)
    if args.device == "cpu":
        torch.set_num_threads(config["threads"])
    torch.set_float32_matmul_precision("high")
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    trainer = Trainer(config, args.data, args.autoencoder or args.data / "vae.pt", args.run, torch.device(args.device), args.workers, args.init)
    trainer.train(args.minutes, lambda: bool(stopped))
    trainer.sheet("sheet.webp")
    draw_curve(args.run / "log.jsonl", args.run / "curve.png", "samples", {name: name for name in ("loss", "things", "painting", "likeness")})


if __name__ == "__main__":
    main()
