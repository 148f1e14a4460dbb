"""Teaches the roles of words (the second part of their prompt embeds) from captions alone, before the U-Net's hours.

From a noun's role a head that is thrown away must tell which of the 8x8 places of a scene its things cover, how large they are and whether something
stands in front of them; from token 0's which places anything covers. No picture is drawn: thousands of scenes cost seconds. Where a scene leaves its
caption open (a cat may stand at several places) the answer is a share, so the losses below have a floor; what is on the left and how many are not open.
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..model.checkpoint import load_state, load_weights, save_state
from ..data.concepts import all_concepts, noun_tokens
from .muon import Muon, split_parameters
from ..data.pool import LATENT_SIZE, PLACE
from .progress import bar, say
from ..data.grid_scenes import Scene, SceneGenerator
from ..data.sprites import Sprites
from ..model.text import FrozenMiniLM, TextEncoder, build_tokenizer
from ..model.unet import LOOK, ROLE, Appearance

PLACES = LATENT_SIZE // 2  # a side
SIZES = len(Appearance.SIDES)
ANSWERS = 2 * PLACES**2 + SIZES  # covered, covered and in sight, size


def cover(scene: Scene, label: str | None) -> np.ndarray:
    """What a thing's words should tell, float32 [132]; label None: of everything, for token 0."""
    front = np.full((PLACES, PLACES), -1)
    for i, p in enumerate(scene.placements):
        front[area(p)] = i
    answer = np.zeros(ANSWERS, np.float32)
    covered, seen = answer[: PLACES**2].reshape(PLACES, PLACES), answer[PLACES**2 : 2 * PLACES**2].reshape(PLACES, PLACES)
    for i, p in enumerate(scene.placements):
        if label in (None, p.label):
            covered[area(p)] = 1
            seen[front == i] = 1
            answer[2 * PLACES**2 + Appearance.SIDES.index(p.size // PLACE)] = 1
    return answer


def area(p) -> tuple[slice, slice]:
    y, x, side = p.y // PLACE, p.x // PLACE, p.size // PLACE
    return slice(max(0, y), max(0, y + side)), slice(max(0, x), max(0, x + side))


def lessons(generators, tokenizer, concepts: dict, first: int, n: int) -> tuple[Tensor, Tensor, Tensor, list[Scene]]:
    """(ids [n, 32], (row, token) pairs [m, 2], answers [m, 132], the scenes)"""
    scenes = [generators[k % 4 == 0].scene([9, k]) for k in range(first, first + n)]
    encodings = tokenizer.encode_batch([s.caption for s in scenes])
    at, answers = [], []
    for row, (scene, encoding) in enumerate(zip(scenes, encodings)):
        at.append((row, 0)), answers.append(cover(scene, None))
        for label in dict.fromkeys(p.label for p in scene.placements):
            tokens = noun_tokens(scene.caption, concepts[label], encoding)
            for token in tokens:
                at.append((row, token)), answers.append(cover(scene, label))
    return torch.tensor([e.ids for e in encodings]), torch.tensor(at), torch.from_numpy(np.stack(answers)), scenes


@torch.no_grad()
def sides_told(text, head, generators, tokenizer, concepts: dict, n: int) -> float:
    """Share of captions of two things side by side in which the roles say rightly which one is on the left (0.5: a guess)."""
    right = asked = 0
    ids, at, answers, scenes = lessons(generators, tokenizer, concepts, 10**9, n)
    told = head(text(ids)[at[:, 0], at[:, 1], LOOK:])[:, : PLACES**2].sigmoid().unflatten(1, (PLACES, PLACES))
    columns = torch.arange(PLACES).float()
    centre = lambda covered: (covered.sum(-2) * columns).sum(-1) / covered.sum((-2, -1)).clamp(min=1e-3)
    said, truth = centre(told), centre(answers[:, : PLACES**2].unflatten(1, (PLACES, PLACES)))
    for row, scene in enumerate(scenes):
        if scene.composition in ("pair", "sided"):
            nouns = ((at[:, 0] == row) & (at[:, 1] > 0)).nonzero()[:, 0]
            if len(nouns) >= 2 and truth[nouns[0]] != truth[nouns[-1]]:
                asked += 1
                right += int((said[nouns[0]] < said[nouns[-1]]) == (truth[nouns[0]] < truth[nouns[-1]]))
    return right / max(1, asked)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--init", type=Path, required=True, help="checkpoint or exported folder whose words have their looks")
    parser.add_argument("--out", type=Path, required=True, help="a checkpoint to write: --init's with the roles in place")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    tokenizer, sprites = build_tokenizer(), Sprites(args.data / "icons")
    generators = [SceneGenerator(sprites, mix) for mix in ("scenes", "objects")]
    concepts = {c.label: c for c in all_concepts()}
    text, state = TextEncoder(FrozenMiniLM.from_package()), load_state(args.init)
    load_weights(text, state["ema_text"])
    head = nn.Sequential(nn.Linear(ROLE, 256), nn.GELU(), nn.Linear(256, ANSWERS))
    hidden, rest = split_parameters([text.role])
    optimisers = [(Muon(hidden, args.lr), args.lr), (torch.optim.AdamW([*rest, *head.parameters()], 2e-3, weight_decay=0.0), 2e-3)]
    average = None
    watched = bar(args.steps, "step")
    for step in range(args.steps):
        watched.update()
        ids, at, answers, _ = lessons(generators, tokenizer, concepts, step * args.batch, args.batch)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            roles = text(ids)[..., LOOK:]
            told = head(roles[at[:, 0], at[:, 1]]).float()
        loss = F.binary_cross_entropy_with_logits(told, answers)
        for optimiser, lr in optimisers:
            optimiser.zero_grad()
            for group in optimiser.param_groups:
                group["lr"] = lr * min(1, (step + 1) / 30) * (1 - step / args.steps)
        loss.backward()
        for optimiser, _ in optimisers:
            optimiser.step()
        average = loss.item() if average is None else 0.95 * average + 0.05 * loss.item()
        if (step + 1) % 50 == 0:
            say(f"step {step + 1}: loss {average:.4f}, sides told rightly {sides_told(text, head, generators, tokenizer, concepts, 512):.3f}")
    aligned = text.trained_state()
    save_state(state | {"ema_text": aligned, "text": aligned, "optimisers": []}, args.out)


if __name__ == "__main__":
    main()
