"""How much the pictures of one prompt differ over seeds."""

from __future__ import annotations

import numpy as np

from ..model.pipelines import Pipeline
from .detector import Detector
from .distances import distances, thumbnails
from .judge import of_kind
from .seen import Seen

PANDA = "a panda eating tacos at the beach"
VARIED = ("a panda", "a fox in the forest", "a red car", "a rocket in space")  # drawn from 32 seeds each: how much place and size vary
SEEDS = 32


def spread(seen: list[Seen], label: str) -> dict[str, float]:
    """How much place and size of a thing vary over pictures of one prompt: standard deviations, px and of the size's logarithm."""
    there = [of_kind(s, label)[0] for s in seen if of_kind(s, label)]
    if len(there) < 2:
        return {"found": len(there)}
    x, y, size = (np.array([getattr(d, name) for d in there]) for name in ("x", "y", "size"))
    return {"found": len(there), "place": round(float(np.hypot(x.std(), y.std())), 2), "size": round(float(np.log(size).std()), 4)}


def variety(pipeline: Pipeline, detector: Detector, steps: int, guidance: float, sampler: str | None, seeds: int = SEEDS) -> tuple[dict, np.ndarray]:
    """({prompt: spread}, with their means and the two most alike of ten pandas; the pandas)"""
    told = {}
    for text, label in zip(VARIED, ("panda", "fox", "automobile", "rocket")):
        told[text] = spread(detector.look(pipeline.draw([text] * seeds, list(range(seeds)), steps, guidance, sampler))[0], label)
    pandas = pipeline.draw([PANDA] * 10, list(range(10)), steps, guidance, sampler)
    return told | summary_of_variety(told, detector, pandas), pandas


def summary_of_variety(told: dict, detector: Detector, pandas: np.ndarray) -> dict:
    means = {
        name: round(float(np.mean([t[name] for t in told.values() if name in t])), 4) for name in ("place", "size") if any(name in t for t in told.values())
    }
    seen, _ = detector.look(pandas)
    apart = distances(thumbnails(pandas), thumbnails(pandas)) + 9 * np.eye(len(pandas))
    return {
        "mean": means,
        "pandas": {
            "with tacos on a beach": sum(bool(of_kind(s, "panda") and of_kind(s, "taco")) and s.background == "beach" for s in seen),
            "with tacos": sum(bool(of_kind(s, "panda") and of_kind(s, "taco")) for s in seen),
            "of": len(seen),
            "nearest pair": round(float(apart.min()), 4),
        },
    }
