"""Aligns the looks of words (the first part of their prompt embeds) with pictures before (or between) the U-Net's hours: minutes that save it from finding out what each word looks like.

Two regressions, both on fresh captions. From a noun's tokens the U-Net's `Appearance` must draw the thing's latents, in the caption's style and colour;
from every other token nothing. Token 0 must tell the whole scene's coarse latents (through a head that is thrown away).
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from ..model.checkpoint import load_autoencoder, load_state, load_weights, save_state
from ..data.concepts import all_concepts, grammar, noun_tokens, with_article
from .muon import Muon, split_parameters
from ..data.pool import PLACE, encode_pictures
from .progress import bar, say
from ..data.grid_scenes import SceneGenerator, held_out, render_scene
from ..data.sprites import HUES, STYLES, Sprites
from ..model.text import TOKENS, FrozenMiniLM, TextEncoder, build_tokenizer
from ..model.unet import LOOK, Appearance
from ..model.vae import DOWNSCALE

SIZE = Appearance.SIDES[0] * PLACE  # px
EMPTY = (160, 175, 190)


def to_cells(latents: torch.Tensor) -> torch.Tensor:
    """[n, 17, 2 * side, 2 * side] → [n, side², 68]: cells row by row, channels of a cell together."""
    side = latents.shape[2] // 2
    return latents.unflatten(2, (side, 2)).unflatten(4, (side, 2)).permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def from_cells(cells: torch.Tensor) -> torch.Tensor:
    """The largest size's cells as a picture: [n, 54, 68] → [n, 17, 10, 10]"""
    side = Appearance.SIDES[0]
    return cells[:, : side**2].reshape(-1, side, side, 17, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(-1, 17, 2 * side, 2 * side)


def appearance_targets(sprites: Sprites, vae, scale: float, batch: int = 64):
    """({(label, style, colour): cells [54, 68]}, the empty picture's latents): normalised latents of the sprite less the empty ones, and coverage."""
    keys = []
    for concept in all_concepts():
        for style in STYLES:
            keys.append((concept.label, style, None))
            if "c" in concept.flags:
                keys += [(concept.label, style, color) for color in HUES if not held_out(f"color:{color}|{concept.label}")]
    sizes = []
    for side in Appearance.SIDES:
        size, rows = side * PLACE, []
        empty = Image.new("RGB", (size, size), EMPTY)
        nothing = encode_pictures(vae, np.asarray(empty)[None])
        for at in range(0, len(keys), batch):
            pictures, coverage = [], []
            for label, style, color in keys[at : at + batch]:
                picture, sprite = empty.copy(), sprites.get(label, style, size, color)
                picture.paste(sprite, (0, 0), sprite)
                pictures.append(np.asarray(picture))
                coverage.append(np.asarray(sprite.getchannel("A").reduce(DOWNSCALE), dtype=np.float32) / 255)
            latents = (encode_pictures(vae, np.stack(pictures)) - nothing) / scale
            rows.append(to_cells(torch.cat([latents, torch.from_numpy(np.stack(coverage))[:, None]], 1)))
        sizes.append(torch.cat(rows))
    empty = Image.new("RGB", (SIZE, SIZE), EMPTY)
    return dict(zip(keys, torch.cat(sizes, 1))), encode_pictures(vae, np.asarray(empty)[None])


def caption_of(rng, key, concepts: dict, word: str | None = None) -> str:
    """A caption that names one appearance, often with a place."""
    label, style, color = key
    word = word or str(rng.choice(concepts[label].words))
    phrase = with_article(f"{color} {word}" if color else word)
    if rng.random() < 0.7:
        phrase += " " + str(rng.choice(grammar()["places"][str(rng.choice([*grammar()["places"]]))]))
    return str(rng.choice(grammar()["styles"][style])).format(x=phrase)


@torch.no_grad()
def refit_readout(text, appearance, tokenizer, targets: dict, generators, concepts: dict, captions: int, ridge: float = 1e-3) -> float:
    """The last layer solved by least squares on fresh captions and on every appearance named in a few; returns the unexplained share of variance."""
    rng = np.random.default_rng(5)
    said = [(caption_of(rng, key, concepts, word), key[1], [(key[0], key[2])]) for key in targets for word in concepts[key[0]].words[:3]]
    for k in range(captions):
        scene = generators[k % 2].scene([8, k])
        said.append((scene.caption, scene.style, [*{(p.label, p.color) for p in scene.placements}]))
    width = appearance.enter.out_features + 1
    square, product, variance = torch.zeros(width, width, dtype=torch.float64), torch.zeros(width, appearance.leave.out_features, dtype=torch.float64), 0.0
    for at in range(0, len(said), 128):
        part = said[at : at + 128]
        encodings = tokenizer.encode_batch([caption for caption, _, _ in part])
        features = appearance.features(text(torch.tensor([e.ids for e in encodings]))[..., :LOOK])
        x, y, weight = [], [], []
        for row, (caption, style, things) in enumerate(part):
            named = set()
            for label, color in things:
                for token in noun_tokens(caption, concepts[label], encodings[row]):
                    named.add(token), x.append(features[row, token]), y.append(targets[label, style, color]), weight.append(1.0)
            for token in rng.choice([i for i in range(TOKENS) if i not in named], 3):
                x.append(features[row, token]), y.append(torch.zeros(Appearance.CELLS, Appearance.CELL)), weight.append(0.1)
        x, y, weight = torch.stack(x), torch.stack(y).flatten(1), torch.tensor(weight)[:, None]
        x = torch.cat([x, torch.ones(len(x), 1)], 1)
        square += ((x * weight).T @ x).double()
        product += ((x * weight).T @ y).double()
        variance += (y.square() * weight).sum().item()
    solution = torch.linalg.solve(square + ridge * square.diagonal().mean() * torch.eye(width, dtype=torch.float64), product)
    unexplained = variance - 2 * (solution * product).sum().item() + (solution * (square @ solution)).sum().item()
    appearance.leave.weight.copy_(solution[:-1].T), appearance.leave.bias.copy_(solution[-1])
    return unexplained / variance


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--init", type=Path, help="checkpoint whose text transformer to start from")
    parser.add_argument("--out", type=Path, required=True, help="a checkpoint to write: --init's with the aligned text transformer in place")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--scenes", type=int, default=1024, help="rendered scenes for token 0's regression")
    parser.add_argument("--captions", type=int, default=12000, help="for the last layer's least squares")
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    sprites, tokenizer = Sprites(args.data / "icons"), build_tokenizer()
    vae, _, scale = load_autoencoder(args.data)
    text = TextEncoder(FrozenMiniLM.from_package())
    state = load_state(args.init) if args.init else None
    if state:
        load_weights(text, state["ema_text"])
    targets, nothing = appearance_targets(sprites, vae, scale)
    variance = torch.stack(list(targets.values())).square().mean()
    appearance = Appearance()
    if state and state.get("ema_unet", {}).get("appearance.leave.weight", torch.zeros(0)).shape == appearance.leave.weight.shape:
        load_weights(appearance, {k.removeprefix("appearance."): v for k, v in state["ema_unet"].items() if k.startswith("appearance.")})
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

    scene_head = nn.Linear(LOOK, coarse.shape[1])
    hidden, rest = split_parameters([text.look, appearance])
    heads = [*scene_head.parameters()]
    optimisers = [(Muon(hidden, args.lr), args.lr), (torch.optim.AdamW(rest + heads, 2e-3, weight_decay=0.0), 2e-3)]
    rng, made, keys = np.random.default_rng(1), 0, list(targets)
    average = None
    watched = bar(args.steps, "step")
    for step in range(args.steps):
        watched.update()
        said, which = [], []
        for row in range(args.batch):
            if row < args.batch // 4:  # scenes with pictures, for token 0
                which.append(int(rng.integers(len(scenes))))
                scene = scenes[which[-1]]
            elif row < args.batch // 2:
                made += 1
                scene = generators[made % 2].scene([7, made])
            else:  # every appearance as often as every other: the scenes prefer what people type first
                key = keys[rng.integers(len(keys))]
                said.append((caption_of(rng, key, concepts), key[1], [(key[0], key[2])]))
                continue
            said.append((scene.caption, scene.style, [*{(p.label, p.color) for p in scene.placements}]))
        encodings = tokenizer.encode_batch([caption for caption, _, _ in said])
        nouns, wanted = [], []
        for row, (caption, style, things) in enumerate(said):
            named = set()
            for label, color in things:
                for token in noun_tokens(caption, concepts[label], encodings[row]):
                    named.add(token), nouns.append((row, token)), wanted.append(targets[label, style, color])
            for token in rng.choice([i for i in range(TOKENS) if i not in named], 2):  # every other word looks like nothing
                nouns.append((row, int(token)))
                wanted.append(torch.zeros(Appearance.CELLS, Appearance.CELL))
        ids = torch.tensor([e.ids for e in encodings])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = text(ids)[..., :LOOK].float()
            seen = appearance(out[[row for row, _ in nouns], [token for _, token in nouns]]).float()
        wanted = torch.stack(wanted)
        weight = torch.where(wanted.flatten(1).any(1), 1.0, 0.15)
        noun_loss = ((seen - wanted).square().mean((1, 2)) * weight).sum() / weight.sum() / variance
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
            say(f"step {step + 1}: unexplained variance of appearances {average[0]:.3f}, of coarse scenes {average[1]:.3f}")
    print(f"unexplained variance after least squares {refit_readout(text, appearance, tokenizer, targets, generators, concepts, args.captions):.3f}", flush=True)
    with torch.no_grad():  # what the words look like now, decoded: an animal a row, three styles, and what was asked for
        rows = []
        for word, label in (("panda", "panda"), ("fox", "fox"), ("taco", "taco"), ("pizza", "pizza"), ("rocket", "rocket"), ("car", "automobile")):
            for style, caption in (("3d", "a {}"), ("flat", "flat illustration of a {}"), ("cartoon", "cartoon of a {}")):
                encoding = tokenizer.encode(caption.format(word))
                token = noun_tokens(caption.format(word), concepts[label], encoding)[0]
                rows += [appearance(text(torch.tensor([encoding.ids]))[0, token, :LOOK]), targets[label, style, None]]
        latents = from_cells(torch.stack(rows))[:, :16] * scale + nothing
        pictures = vae.decode(latents.contiguous(memory_format=torch.channels_last)).clamp(0, 1).reshape(6, 6, 3, SIZE, SIZE)
        Image.fromarray((pictures.permute(0, 3, 1, 4, 2).reshape(6 * SIZE, 6 * SIZE, 3).numpy() * 255).astype(np.uint8)).save(args.out.with_suffix(".png"))
    aligned = text.trained_state()
    state = state or {"samples": 0, "config": {}}
    state |= {"ema_text": aligned, "text": aligned, "optimisers": []}
    for name in ("unet", "ema_unet"):
        state[name] = state.get(name, {}) | {f"appearance.{k}": v for k, v in appearance.state_dict().items()}
    save_state(state, args.out)


if __name__ == "__main__":
    main()
