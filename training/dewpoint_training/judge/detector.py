"""An independent judge of pictures: which things stand where, in which colour, on which background, in which style and light.

It never sees latents, captions or the U-Net; it is trained on fresh renders alone (train_detector.py) and may judge only what it reads right on
held-out renders (evaluate.py measures that first). The shape is CenterNet's (Zhou et al. 2019, arXiv 1904.07850) with one heatmap for all classes; what a
thing is, is asked only where one was found, so a thousand classes cost no more than ten.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .seen import Detection, Seen

PICTURE = 256  # px
STRIDE = 16  # px of the picture one cell of the grid stands for
CELLS = PICTURE // STRIDE
WIDTH = 256  # channels of a cell
FEATURES = 320  # numbers that stand for the whole picture, for the Fréchet distance
FOUND = 0.35  # score a cell needs for something to be centred there


@dataclass(frozen=True)
class Vocabulary:
    """What the judge can say; kept in its file, so that a later change of the lists cannot make it call things by another's name."""

    things: tuple[str, ...]
    colors: tuple[str, ...]
    styles: tuple[str, ...]
    lights: tuple[str, ...]
    backgrounds: tuple[str, ...]


class Block(nn.Module):
    """Convolution, batch norm, SiLU; `stride` 2 halves the sides. Residual where the shape stays."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels_out)
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        h = F.silu(self.norm(self.conv(x)))
        return x + h if self.residual else h


class Detector(nn.Module):
    def __init__(self, vocabulary: Vocabulary):
        super().__init__()
        self.vocabulary = vocabulary
        c = WIDTH
        self.fine = nn.Sequential(
            nn.PixelUnshuffle(4), Block(48, 64), Block(64, 128, 2), Block(128, 128), Block(128, c, 2), Block(c, c), Block(c, c), Block(c, c)
        )
        self.coarse = nn.Sequential(Block(c, FEATURES, 2), Block(FEATURES, FEATURES), Block(FEATURES, FEATURES))
        self.told = nn.Conv2d(FEATURES, c, 1)  # what the surroundings tell every cell
        self.merge = nn.Sequential(Block(c, c), Block(c, c))
        self.centre = nn.Conv2d(c, 1, 1)
        self.kind = nn.Linear(c, len(vocabulary.things))
        self.color = nn.Sequential(nn.Linear(c, c), nn.SiLU(), nn.Linear(c, len(vocabulary.colors)))
        self.box = nn.Linear(c, 3)  # centre within its cell (0..1, 0..1), log of the side over 100 px
        self.style = nn.Linear(
            c + FEATURES, len(vocabulary.styles)
        )  # told by things and picture: three styles are the icons' own, the others change everything
        self.light = nn.Linear(FEATURES, len(vocabulary.lights))
        self.background = nn.Linear(FEATURES, len(vocabulary.backgrounds))
        nn.init.constant_(self.centre.bias, -4.0)  # most cells are empty

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """float [batch, 3, 256, 256] in 0..1 → logits of the whole picture, `centre` [batch, 16, 16], `cells` [batch, 16, 16, 256] to ask `things` about,
        `features` [batch, 320]."""
        fine = self.fine(pictures * 2 - 1)
        coarse = self.coarse(fine)
        cells = self.merge(fine + F.interpolate(self.told(coarse), scale_factor=2))
        features = coarse.mean((2, 3))
        centre = self.centre(cells)
        share = centre.detach().float().sigmoid() + 0.02
        share = (share / share.sum((2, 3), keepdim=True)).to(cells.dtype)
        style = self.style(torch.cat([(cells * share).sum((2, 3)), features], 1))
        return {
            "centre": centre[:, 0],
            "cells": cells.permute(0, 2, 3, 1),
            "features": features,
            "style": style,
            "light": self.light(features),
            "background": self.background(features),
        }

    def things(self, at: Tensor) -> dict[str, Tensor]:
        """Cells [n, 256] → what stands there: logits of `kind` and `color`, and `box` [n, 3]."""
        return {"kind": self.kind(at), "color": self.color(at), "box": self.box(at)}

    @torch.no_grad()
    def look(self, pictures: np.ndarray, batch: int = 32) -> tuple[list[Seen], np.ndarray]:
        """uint8 [n, 256, 256, 3] → (what is seen in each, float32 features [n, 320])"""
        seen, features = [], []
        device = self.centre.weight.device
        for at in range(0, len(pictures), batch):
            x = (
                torch.from_numpy(np.ascontiguousarray(pictures[at : at + batch]))
                .to(device)
                .permute(0, 3, 1, 2)
                .float()
                .div(255)
                .contiguous(memory_format=torch.channels_last)
            )
            with torch.autocast(device.type, dtype=torch.bfloat16):
                out = self(x)
                score = out["centre"].float().sigmoid()
                row, y, x = ((score >= FOUND) & (score == F.max_pool2d(score[:, None], 3, 1, 1)[:, 0])).nonzero(as_tuple=True)
                there = self.things(out["cells"][row, y, x])
            chance, which = there["kind"].float().softmax(1).topk(3)
            columns = (row, score[row, y, x], y, x, chance, which, there["color"].argmax(1), there["box"].float())
            found: list[list[Detection]] = [[] for _ in range(len(score))]
            for n, s, v, u, p, k, color, (dx, dy, log_side) in zip(*(c.tolist() for c in columns)):
                names = [self.vocabulary.things[i] for i in k]
                found[n].append(
                    Detection(
                        names[0],
                        s,
                        p[0],
                        (u + dx) * STRIDE,
                        (v + dy) * STRIDE,
                        100 * float(np.exp(log_side)),
                        self.vocabulary.colors[color],
                        tuple(zip(names[1:], p[1:])),
                    )
                )
            whole = zip(*(out[name].float().argmax(1).tolist() for name in ("background", "style", "light")))
            names = self.vocabulary
            seen += [
                Seen(tuple(sorted(f, key=lambda d: -d.score)), names.backgrounds[b], names.styles[s], names.lights[i]) for f, (b, s, i) in zip(found, whole)
            ]
            features.append(out["features"].float().cpu().numpy())
        return seen, np.concatenate(features)


def save_detector(path: Path, detector: Detector, about: dict) -> None:
    """Weights as float16: the file stays small enough to hand on."""
    state = {k: v.half() if v.is_floating_point() and v.numel() > 1024 else v for k, v in detector.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"vocabulary": asdict(detector.vocabulary), "state": state, "about": about}, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def load_detector(path: Path, device: str = "cpu") -> tuple[Detector, dict]:
    """(in evaluation mode, what was noted down when it was trained)"""
    saved = torch.load(path, weights_only=True, map_location="cpu")
    detector = Detector(Vocabulary(**{k: tuple(v) for k, v in saved["vocabulary"].items()}))
    detector.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in saved["state"].items()})
    return detector.eval().requires_grad_(False).to(device, memory_format=torch.channels_last), saved["about"]
