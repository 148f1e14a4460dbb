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
    color: str  # the hue it would have been turned to: means something only where a thing was asked for in a colour
    others: tuple[tuple[str, float], ...] = ()  # what else it may be, e.g. what is worn at the same place


@dataclass(frozen=True)
class Seen:
    detections: tuple[Detection, ...]  # surest first
    background: str
    style: str
    light: str = "none"
