"""What a picture can look like beside its things: icon sets, styles, light and weather, backgrounds. Plans hold indices into these."""

from __future__ import annotations

from .backgrounds import BACKGROUNDS, COLORS, PLACES  # noqa: F401 -- lists of one kind, read from one module

SETS = ("fluent-emoji", "fluent-emoji-flat", "noto")
BORN_STYLES = ("3d", "flat", "cartoon")  # what the sets look like unfiltered, in their order
STYLES = (*BORN_STYLES, "watercolour", "oil painting", "pixel art", "pencil", "ink", "paper cut", "neon", "stained glass", "pastel")
LIGHTS = ("none", "golden hour", "fog", "moonlight", "rain", "snowfall")
CALM = "calm"  # a soft gradient: what a caption without a place shows
PLAIN = tuple(COLORS)
WEIGHTLESS = {"space", "underwater", "clouds"}  # no ground: things hang anywhere and cast no shadow
