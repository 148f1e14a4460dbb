"""What a detector says of a picture: plain data, so that judging needs no torch."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Detection:
    label: str
    score: float  # that something is centred here
    confidence: float  # that it is this
    x: float  # centre, px
    y: float
    size: float  # side, px
    color: str  # the likeliest hue, "natural" left out: a frog is green without being recoloured
    others: tuple[tuple[str, float], ...] = ()  # what else it may be, e.g. what is worn at the same place


@dataclass(frozen=True)
class Seen:
    detections: tuple[Detection, ...]  # surest first
    background: str
    style: str
