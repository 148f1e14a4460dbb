"""An independent judge of pictures: which things stand where, in which colour, on which background, in which style.

It never sees latents, captions or the U-Net; it is trained on fresh renders alone (train_detector.py) and may judge only the concepts it recognises on
held-out renders (evaluate.py measures that first). The shape is CenterNet's (Zhou et al. 2019, arXiv 1904.07850) with one heatmap for all classes.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data.backgrounds import PAINTERS
from .seen import Detection, Seen
from ..data.sprites import HUES, STYLES

PICTURE = 256  # px
STRIDE = 16  # px of the picture one cell of the grid stands for
CELLS = PICTURE // STRIDE
COLORS = ("natural", *HUES)
BACKGROUNDS = tuple(PAINTERS)
STYLE_NAMES = tuple(STYLES)
FEATURES = 256  # numbers that stand for the whole picture, for the Fréchet distance


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
    def __init__(self, labels: list[str], widths: tuple[int, int, int] = (48, 96, 224)):
        super().__init__()
        self.labels = list(labels)
        a, b, c = widths
        self.fine = nn.Sequential(nn.PixelUnshuffle(4), Block(48, a), Block(a, b, 2), Block(b, b), Block(b, b), Block(b, c, 2), Block(c, c), Block(c, c))
        self.coarse = nn.Sequential(Block(c, FEATURES, 2), Block(FEATURES, FEATURES), Block(FEATURES, FEATURES))
        self.told = nn.Conv2d(FEATURES, c, 1)  # what the surroundings tell every cell
        self.merge = nn.Sequential(Block(c, c), Block(c, c))
        self.centre = nn.Conv2d(c, 1, 1)
        self.kind = nn.Conv2d(c, len(labels), 1)
        self.color = nn.Conv2d(c, len(COLORS), 1)
        self.box = nn.Conv2d(c, 3, 1)  # centre within its cell (0..1, 0..1), log of the side over 100 px
        self.style = nn.Conv2d(c, len(STYLE_NAMES), 1)  # a matter of the things: backgrounds are painted one way
        self.background = nn.Linear(FEATURES, len(BACKGROUNDS))
        nn.init.constant_(self.centre.bias, -4.0)  # most cells are empty

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """float [batch, 3, 256, 256] in 0..1 → logits over a 16x16 grid, of the whole picture for `background`, and `features` [batch, 256]."""
        fine = self.fine(pictures * 2 - 1)
        coarse = self.coarse(fine)
        cells = self.merge(fine + F.interpolate(self.told(coarse), scale_factor=2))
        features = coarse.mean((2, 3))
        return {
            "centre": self.centre(cells)[:, 0], "kind": self.kind(cells), "color": self.color(cells), "box": self.box(cells),
            "style": self.style(cells), "background": self.background(features), "features": features,
        }  # fmt: skip

    @torch.no_grad()
    def look(self, pictures: np.ndarray, batch: int = 32, threshold: float = 0.4) -> tuple[list[Seen], np.ndarray]:
        """uint8 [n, 256, 256, 3] → (what is seen in each, float32 features [n, 256])"""
        seen, features = [], []
        device = self.centre.weight.device
        for at in range(0, len(pictures), batch):
            x = torch.from_numpy(pictures[at : at + batch]).to(device).permute(0, 3, 1, 2).float().div(255).contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, dtype=torch.bfloat16):
                out = {k: v.float().cpu() for k, v in self(x).items()}
            features.append(out["features"].numpy())
            seen += [self._read(out, row, threshold) for row in range(len(x))]
        return seen, np.concatenate(features)

    def _read(self, out: dict[str, Tensor], row: int, threshold: float) -> Seen:
        score = out["centre"][row].sigmoid()
        peaks = (score >= threshold) & (score == F.max_pool2d(score[None], 3, 1, 1)[0])
        things = peaks if peaks.any() else score == score.max()
        style = out["style"][row][:, things].log_softmax(0).mean(1)
        found = []
        for y, x in peaks.nonzero().tolist():
            kinds = out["kind"][row, :, y, x].softmax(0)
            best, which = kinds.topk(3)
            dx, dy, log_side = out["box"][row, :, y, x].tolist()
            found.append(Detection(
                self.labels[which[0]], score[y, x].item(), best[0].item(), (x + dx) * STRIDE, (y + dy) * STRIDE, 100 * float(np.exp(log_side)),
                COLORS[1 + int(out["color"][row, 1:, y, x].argmax())], tuple((self.labels[k], p) for p, k in zip(best[1:].tolist(), which[1:].tolist())),
            ))  # fmt: skip
        return Seen(tuple(sorted(found, key=lambda d: -d.score)), BACKGROUNDS[int(out["background"][row].argmax())], STYLE_NAMES[int(style.argmax())])


def save_detector(path: Path, detector: Detector, about: dict) -> None:
    """Weights as float16: the file stays small enough to hand on."""
    state = {k: v.half() if v.is_floating_point() and v.numel() > 1024 else v for k, v in detector.state_dict().items()}
    torch.save({"labels": detector.labels, "state": state, "about": about}, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def load_detector(path: Path, device: str = "cpu") -> tuple[Detector, dict]:
    """(in evaluation mode, what was noted down when it was trained)"""
    saved = torch.load(path, weights_only=True, map_location="cpu")
    detector = Detector(saved["labels"])
    detector.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in saved["state"].items()})
    return detector.eval().requires_grad_(False).to(device, memory_format=torch.channels_last), saved["about"]
