"""A stage's settings: its TOML file (configs/), and what the command line says instead."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

CONFIGS = Path(__file__).parents[2] / "configs"


def read_config(path: Path, instead: list[str]) -> dict:
    """`instead`: lines of TOML, "batch = 64"; a key the file does not have is refused."""
    config = tomllib.loads(path.read_text())
    for line in instead:
        for key, value in tomllib.loads(line).items():
            if key not in config:
                raise SystemExit(f"--set {line}: {path.name} has no {key}; it has {', '.join(config)}")
            config[key] = value
    return config


def awaited(path: Path, seconds: float = 3600) -> Path:
    """The path, once it is there: a stage may get ready while the one before it still trains."""
    ends = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > ends:
            raise SystemExit(f"{path} did not appear in {seconds:.0f} s")
        time.sleep(0.2)
    return path
