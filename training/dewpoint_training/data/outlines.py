"""Where in its square an icon really is, and where its head: so that what stands on something touches it and a hat sits on a head.

    python -m dewpoint_training.data.outlines <folder of sprites>      writes data/outlines.txt anew

Processes that make plans never see a pixel; these few numbers, in hundredths of the square's side, are all they know of the pictures.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .concepts import DATA, all_concepts

FILE = DATA / "outlines.txt"
SOLID = 96  # alpha from which a pixel belongs to the thing
HEAD = 0.3  # of the thing's height, from the top: what is widest there is taken for the head


class Outline(NamedTuple):
    """Shares of the square's side from its centre; `head` is the middle of its upper edge, `head_width` its width."""

    left: float
    top: float
    right: float
    bottom: float
    head_x: float
    head_top: float
    head_width: float

    def mirrored(self) -> Outline:
        return Outline(-self.right, self.top, -self.left, self.bottom, -self.head_x, self.head_top, self.head_width)


WHOLE = Outline(-0.48, -0.48, 0.48, 0.48, 0.0, -0.46, 0.6)  # of an icon nobody measured


def measure(alpha: np.ndarray) -> list[int]:
    """alpha uint8 [100, 100] → left, top, right, bottom, head's middle, head's top, head's width, in hundredths."""
    solid = alpha >= SOLID
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    top, bottom = rows[0], rows[-1] + 1
    slab = solid[top : top + max(3, round((bottom - top) * HEAD))]
    filled = np.append(slab.sum(0), 0)
    runs, start = [], None
    for x, height in enumerate(filled):
        if height and start is None:
            start = x
        elif not height and start is not None:
            runs.append((int(filled[start:x].sum()), start, x))
            start = None
    _, first, last = max(runs)
    head_top = top + int(np.flatnonzero(slab[:, first:last].any(1))[0])
    return [int(v) for v in (columns[0], top, columns[-1] + 1, bottom, (first + last) // 2, head_top, last - first)]


def write(sprites) -> None:
    from .sprites import STYLES

    lines = []
    for concept in all_concepts():
        cells = [" ".join(map(str, measure(np.asarray(sprites.get(concept.label, style, 100).getchannel("A"))))) for style in STYLES]
        lines.append("|".join([concept.label, *cells]))
    FILE.write_text(
        "# label|left top right bottom, head's middle, top and width, in hundredths of the square, for each icon set (data/outlines.py writes this)\n"
        + "\n".join(lines)
        + "\n"
    )


@lru_cache
def outlines() -> dict[str, tuple[Outline, ...]]:
    found = {}
    for line in FILE.read_text().splitlines():
        if not line.startswith("#"):
            label, *cells = line.split("|")
            found[label] = tuple(
                Outline(*((v - 50) / 100 for v in values[:6]), values[6] / 100) for values in ([int(v) for v in cell.split()] for cell in cells)
            )  # fmt: skip
    return found


def outline(label: str, which: int, mirror: bool = False) -> Outline:
    known = outlines().get(label)
    found = known[which] if known else WHOLE
    return found.mirrored() if mirror else found


if __name__ == "__main__":
    from .sprites import Sprites

    write(Sprites(Path(sys.argv[1])))
