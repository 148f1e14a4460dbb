"""Sheets of a model's pictures, to look at: each kind of prompt, and what went wrong apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from .judge import SCORED, Prompt, evenly


def sheet(path: Path, pictures: np.ndarray, columns: int = 8, side: int = 160) -> None:
    rows = -(-len(pictures) // columns)
    image = Image.new("RGB", (columns * side, rows * side), "white")
    for i, picture in enumerate(pictures):
        image.paste(Image.fromarray(picture).resize((side, side), Image.LANCZOS), (i % columns * side, i // columns * side))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=82)


def sheets(folder: Path, prompts: list[Prompt], pictures: np.ndarray, verdicts: list[bool]) -> None:
    """held-out, failures, things (200 for their faces), styles, words (other languages, emoji, unseen words) and parti, each with its prompts beside it."""
    held = [i for i, p in enumerate(prompts) if p.category in SCORED]
    failed = [i for i in held if not verdicts[i]]
    of = lambda *categories: [i for i, p in enumerate(prompts) if p.category in categories]
    chosen = {
        "held-out": (sorted(np.random.default_rng(0).choice(held, min(64, len(held)), replace=False)) if held else [], 8, 160),
        "failures": (evenly(failed, 16), 8, 160),
        "things": (of("any concept"), 20, 96),
        "styles": (sorted(of("style"), key=lambda i: prompts[i].part), 12, 128),
        "words": (evenly(of("language", "emoji"), 64) + evenly(of("unseen word", "kept word", "unseen place"), 32), 12, 128),
        "parti": (evenly(of("parti"), 64) + evenly(of("half unknown"), 16), 10, 128),
    }
    for name, (which, columns, side) in chosen.items():
        if len(which):
            sheet(folder / f"{name}.webp", pictures[list(which)], columns, side)
            (folder / f"{name}.txt").write_text(
                "".join(f"{i // columns + 1}.{i % columns + 1} {'' if verdicts[k] else '(missed) '}{prompts[k].text}\n" for i, k in enumerate(which)),
                encoding="utf-8",
            )
