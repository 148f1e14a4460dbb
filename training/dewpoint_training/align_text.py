"""Aligns the text transformer with pictures before (or between) the U-Net's hours: minutes that save it from finding out what each word looks like.

Two regressions, both on fresh captions. A noun's tokens must tell the appearance of the thing (principal components of its latents, in the caption's style
and colour); token 0 must tell the whole scene's coarse latents. The heads are thrown away; what stays is a text encoder whose space looks like pictures.
"""
from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from .checkpoint import load_state, load_weights
from .concepts import all_concepts
from .muon import Muon, split_parameters
from .pool import encode_pictures
from .scenes import SceneGenerator, held_out, render_scene
from .sprites import HUES, STYLES, Sprites
from .text import WIDTH, FrozenMiniLM, TextEncoder, build_tokenizer
from .vae import load_vae

COMPONENTS = 96


def appearance_targets(sprites: Sprites, vae, batch: int = 64):
    """{(label, style, colour): whitened principal components of the sprite's latents}"""
    keys = []
    for concept in all_concepts():
        for style in STYLES:
            keys.append((concept.label, style, None))
            if "c" in concept.flags:
                keys += [(concept.label, style, color) for color in HUES if not held_out(f"color:{color}|{concept.label}")]
    rows = []
    for at in range(0, len(keys), batch):
        pictures = []
        for label, style, color in keys[at : at + batch]:
            picture, sprite = Image.new("RGB", (128, 128), (160, 175, 190)), sprites.get(label, style, 128, color)
            picture.paste(sprite, (0, 0), sprite)
            pictures.append(np.asarray(picture))
        rows.append(encode_pictures(vae, np.stack(pictures)).flatten(1))
    x = torch.cat(rows)
    x = x - x.mean(0)
    _, s, v = torch.pca_lowrank(x, COMPONENTS, center=False)
    scores = x @ v
    return dict(zip(keys, scores / scores.std(0).clamp(min=s[-1] / len(x) ** 0.5)))


def noun_tokens(caption: str, concept, encoding) -> list[int]:
    """Indices of the tokens that name the concept in the caption, however it was called."""
    names = sorted({form for word in concept.words for form in (word, concept.plural(word))}, key=len, reverse=True)
    for name in names:
        start = caption.find(name)
        if start >= 0:
            end = start + len(name)
            return [i for i, (a, b) in enumerate(encoding.offsets) if b > a and a < end and b > start]
    return []


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--init", type=Path, help="checkpoint whose text transformer to start from")
    parser.add_argument("--out", type=Path, required=True, help="a checkpoint to write: --init's with the aligned text transformer in place")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--scenes", type=int, default=1024, help="rendered scenes for token 0's regression")
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    sprites, vae, tokenizer = Sprites(args.data / "icons"), load_vae(args.data / "vae.pt"), build_tokenizer()
    text = TextEncoder(FrozenMiniLM.from_package())
    state = load_state(args.init) if args.init else None
    if state:
        load_weights(text, state["ema_text"])
    targets = appearance_targets(sprites, vae)
    print(f"{len(targets)} appearances", flush=True)
    generators = [SceneGenerator(sprites, mix) for mix in ("objects", "scenes")]
    concepts = {c.label: c for c in all_concepts()}

    scenes = [generators[k % 2].scene([6, k]) for k in range(args.scenes)]
    coarse = []
    for at in range(0, len(scenes), 64):
        z = encode_pictures(vae, np.stack([np.asarray(render_scene(s, sprites)) for s in scenes[at : at + 64]]))
        coarse.append(nn.functional.avg_pool2d(z, 2).flatten(1))
    coarse = torch.cat(coarse)
    coarse = (coarse - coarse.mean(0)) / coarse.std(0)

    noun_head, scene_head = nn.Linear(WIDTH, COMPONENTS), nn.Linear(WIDTH, coarse.shape[1])
    hidden, rest = split_parameters([text])
    heads = [*noun_head.parameters(), *scene_head.parameters()]
    optimisers = [(Muon(hidden, args.lr), args.lr), (torch.optim.AdamW(rest + heads, 2e-3, weight_decay=0.0), 2e-3)]
    rng, made = np.random.default_rng(1), 0
    average = None
    for step in range(args.steps):
        captions, nouns, wanted, which = [], [], [], []
        for row in range(args.batch):
            if row < args.batch // 4:  # scenes with pictures, for token 0
                i = int(rng.integers(len(scenes)))
                scene = scenes[i]
                which.append(i)
            else:
                made += 1
                scene = generators[made % 2].scene([7, made])
            captions.append(scene.caption)
        encodings = tokenizer.encode_batch(captions)
        made_scenes = [scenes[i] for i in which] + [generators[k % 2].scene([7, k]) for k in range(made - (args.batch - len(which)) + 1, made + 1)]
        for row, scene in enumerate(made_scenes):
            for p in {(p.label, p.color): p for p in scene.placements}.values():
                tokens = noun_tokens(scene.caption, concepts[p.label], encodings[row])
                if tokens:
                    nouns.append((row, tokens))
                    wanted.append(targets[p.label, scene.style, p.color])
        ids = torch.tensor([e.ids for e in encodings])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = text(ids).float()
        pooled = torch.stack([out[row, tokens].mean(0) for row, tokens in nouns])
        noun_loss = (noun_head(pooled) - torch.stack(wanted)).square().mean()
        scene_loss = (scene_head(out[: len(which), 0]) - coarse[which]).square().mean()
        for optimiser, lr in optimisers:
            optimiser.zero_grad()
            for group in optimiser.param_groups:
                group["lr"] = lr * min(1, (step + 1) / 30) * (1 - step / args.steps)
        (noun_loss + 0.5 * scene_loss).backward()
        torch.nn.utils.clip_grad_norm_(hidden + rest + heads, 1.0)
        for optimiser, _ in optimisers:
            optimiser.step()
        now = (noun_loss.item(), scene_loss.item())
        average = now if average is None else tuple(0.95 * a + 0.05 * b for a, b in zip(average, now))
        if (step + 1) % 50 == 0:
            print(f"step {step + 1}: unexplained variance of appearances {average[0]:.3f}, of coarse scenes {average[1]:.3f}", flush=True)
    aligned = text.trained_state()
    state = state or {"samples": 0, "config": {}}
    state |= {"ema_text": aligned, "text": aligned, "optimisers": []}
    torch.save(state, args.out.with_suffix(".tmp"))
    os.replace(args.out.with_suffix(".tmp"), args.out)


if __name__ == "__main__":
    main()
