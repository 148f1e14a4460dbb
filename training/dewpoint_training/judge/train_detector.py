"""Trains the judge of pictures (detector.py) on fresh renders: crowds of any things anywhere, and scenes of both splits.

Seeds start with 20 here and with 0 in the U-Net's training, so no picture is shared. Every concept is drawn equally often. Continues from --out.
"""
from __future__ import annotations

import argparse
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFilter
from torch import Tensor

from ..data.backgrounds import paint_background
from ..model.checkpoint import load_autoencoder
from .detector import BACKGROUNDS, CELLS, COLORS, PICTURE, STRIDE, STYLE_NAMES, Detector, load_detector, save_detector
from ..train.muon import Muon, split_parameters
from ..train.progress import bar, say
from ..data.grid_scenes import Placement, Scene, SceneGenerator, render_scene, shadow
from ..data.sprites import HUES, Sprites

SEED = 20  # the first number of every seed drawn here


class Renders:
    """Endless labelled pictures; picture k is the same picture every time."""

    def __init__(self, sprites: Sprites, config: dict):
        self.sprites, self.config = sprites, config
        everything = SceneGenerator(sprites).concepts
        self.concepts = [replace(c, weight=1.0) for c in everything]
        self.labels = [c.label for c in self.concepts]
        self.scenes = [SceneGenerator(sprites, held=held, concepts=self.concepts) for held in (False, True)]
        self.backgrounds = {kind: [paint_background(kind, np.random.default_rng([SEED, i, k])) for k in range(config["backgrounds"])] for i, kind in enumerate(BACKGROUNDS)}

    def picture(self, k: int) -> tuple[np.ndarray, Scene]:
        rng = np.random.default_rng([SEED, k])
        if rng.random() < self.config["scene_share"]:
            scene = self.scenes[int(rng.integers(2))].scene([SEED, 1, k])
            image = render_scene(scene, self.sprites)
        else:
            scene, image = self.crowd(rng)
        return np.asarray(worn(image, rng)), scene

    def crowd(self, rng) -> tuple[Scene, Image.Image]:
        background, style = str(rng.choice(BACKGROUNDS)), str(rng.choice(STYLE_NAMES, p=(0.5, 0.25, 0.25)))
        image = self.backgrounds[background][rng.integers(self.config["backgrounds"])].copy()
        placements = []
        for _ in range(rng.integers(1, 7)):
            concept = self.concepts[rng.integers(len(self.concepts))]
            size = int(rng.choice((64, 72, 88, 96, 112, 128, 144, 160, 176)))
            x, y = (int(v) for v in rng.integers(-8, PICTURE - size + 9, 2))
            crowded = any(np.hypot(x + size / 2 - p.x - p.size / 2, y + size / 2 - p.y - p.size / 2) < 0.38 * (size + p.size) for p in placements)
            if crowded and rng.random() < 0.9:
                continue
            # Held-out colours too: the judge has to know what the model has not seen.
            color = str(rng.choice(list(HUES))) if "c" in concept.flags and rng.random() < 0.6 else None
            placements.append(Placement(concept.label, size, x, y, color))
            if rng.random() < 0.5:
                image.paste((20, 20, 30), (x, y + size - size // 7), shadow(size))
            sprite = self.sprites.get(concept.label, style, size, color)
            image.paste(sprite, (x, y), sprite)
        return Scene("", background, style, placements), image


def worn(image: Image.Image, rng) -> Image.Image:
    """Slightly other brightness, sharpness and grain: what is judged comes out of a decoder, not out of a renderer."""
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.3))))
    pixels = np.asarray(image, dtype=np.float32)
    pixels = pixels * rng.uniform(0.92, 1.08) + rng.uniform(-8, 8)
    if rng.random() < 0.3:
        pixels = pixels + rng.normal(0, rng.uniform(1, 6), pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def targets(scenes: list[Scene], labels: dict[str, int]) -> dict[str, Tensor]:
    """What the detector should say. Cells count row by row; a later sprite in the same cell shares it with an earlier one."""
    n = len(scenes)
    out = {"centre": torch.zeros(n, CELLS, CELLS), "background": torch.zeros(n, dtype=torch.long)}
    rows, kinds, colors, styles, boxes = [], [], [], [], []
    grid = torch.arange(CELLS) + 0.5
    for i, scene in enumerate(scenes):
        out["background"][i] = BACKGROUNDS.index(scene.background)
        for p in scene.placements:
            x, y = (p.x + p.size / 2) / STRIDE, (p.y + p.size / 2) / STRIDE
            column, row = (min(CELLS - 1, max(0, int(v))) for v in (x, y))
            falloff = torch.exp(-((grid - row - 0.5) ** 2)[:, None] - ((grid - column - 0.5) ** 2)[None])  # soft around the centre's cell
            out["centre"][i] = torch.maximum(out["centre"][i], falloff)
            rows.append((i, row, column))
            kinds.append(labels[p.label])
            colors.append(COLORS.index(p.color or "natural"))
            styles.append(STYLE_NAMES.index(scene.style))
            boxes.append((x - column, y - row, float(np.log(p.size / 100))))
    return out | {"rows": torch.tensor(rows).T, "kind": torch.tensor(kinds), "color": torch.tensor(colors), "style": torch.tensor(styles), "box": torch.tensor(boxes)}


def loss_of(out: dict[str, Tensor], want: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    score, soft = out["centre"].float(), want["centre"]
    hit = soft == 1
    # CornerNet's focal loss: the softer the target, the less a high score there costs.
    p = score.sigmoid().clamp(1e-5, 1 - 1e-5)
    centre = -(torch.where(hit, (1 - p) ** 2 * p.log(), (1 - soft) ** 4 * p**2 * (1 - p).log())).sum() / hit.sum().clamp(min=1)
    i, row, column = want["rows"]
    at = lambda name: out[name].float()[i, :, row, column]
    kind, color = F.cross_entropy(at("kind"), want["kind"], label_smoothing=0.02), F.cross_entropy(at("color"), want["color"])
    box = (at("box") - want["box"]).abs().mean()
    background, style = F.cross_entropy(out["background"].float(), want["background"]), F.cross_entropy(at("style"), want["style"])
    right = (at("kind").argmax(1) == want["kind"]).float().mean()
    return centre + kind + 0.5 * color + box + 0.3 * background + style, {"centre": centre.item(), "kind": kind.item(), "right": right.item(), "color": color.item(), "background": background.item(), "style": style.item()}


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path(__file__).parents[2] / "configs" / "detector.toml")
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args(argv)
    config = tomllib.loads(args.config.read_text())
    torch.set_num_threads(config["threads"])
    torch.manual_seed(config["seed"])
    renders, vae = Renders(Sprites(args.data / "icons"), config), load_autoencoder(args.data)[0].to(args.device)
    labels = {label: i for i, label in enumerate(renders.labels)}
    made = 0
    if args.out.exists():
        detector, about = load_detector(args.out)
        made = about["pictures"]
        detector.train().requires_grad_(True)
    else:
        detector = Detector(renders.labels)
    detector = detector.to(args.device, memory_format=torch.channels_last)
    hidden, rest = split_parameters([detector], ("centre", "kind", "color", "box", "background", "style"))
    optimisers = [(Muon(hidden, config["muon_lr"], weight_decay=0.0), config["muon_lr"]), (torch.optim.AdamW(rest, config["adam_lr"], betas=(0.9, 0.98), weight_decay=0.0), config["adam_lr"])]
    started, step, average = time.process_time(), 0, None
    watched = bar(None, "picture", initial=made)
    while (progress := (time.process_time() - started) / config["seconds"]) < 1:
        pictures, scenes = zip(*(renders.picture(made + k) for k in range(config["batch"])))
        made += config["batch"]
        watched.update(config["batch"])
        x = torch.from_numpy(np.stack(pictures)).to(args.device).permute(0, 3, 1, 2).float().div(255).contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), torch.autocast(args.device, dtype=torch.bfloat16):
            through = int(config["batch"] * config["vae_share"])
            latents = vae.encode(x[:through])
            x[:through] = vae.decode(latents + torch.randn_like(latents) * 0.25 * torch.rand(through, 1, 1, 1, device=args.device)).float().clamp(0, 1)
        with torch.autocast(args.device, dtype=torch.bfloat16):
            out = detector(x)
        loss, parts = loss_of(out, {k: v.to(args.device) for k, v in targets(list(scenes), labels).items()})
        for optimiser, lr in optimisers:
            optimiser.zero_grad()
            for group in optimiser.param_groups:
                group["lr"] = lr * min(1.0, (step + 1) / 40) * max(0.0, 1 - progress)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(hidden + rest, 5.0)
        for optimiser, _ in optimisers:
            optimiser.step()
        step += 1
        average = parts if average is None else {k: 0.95 * average[k] + 0.05 * v for k, v in parts.items()}
        if step % config["log_every"] == 0:
            say(f"{made} pictures, {100 * progress:.0f} %: " + ", ".join(f"{k} {v:.3f}" for k, v in average.items()))
            save_detector(args.out, detector, {"pictures": made, "finished": False})
    save_detector(args.out, detector, {"pictures": made, "finished": True, "config": config})


if __name__ == "__main__":
    main()
