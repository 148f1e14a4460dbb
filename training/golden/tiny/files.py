"""Where the goldens are, and how their values are written."""

import base64
import json
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).resolve().parents[3] / "test" / "golden"


def write_json(path: Path, value) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Private keys are bookkeeping, some of it in the order of a set.
    public = {key: inner for key, inner in value.items() if not key.startswith("_") or key == "_class_name"}
    path.write_text(json.dumps(public, indent=1, default=str) + "\n")


def data(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def floats(values: np.ndarray) -> str:
    return data(values.astype("<f4"))
