"""What a stage shows while it runs: a bar on a terminal, lines in a log, and the curve of its losses as a picture."""

from __future__ import annotations

import json
from pathlib import Path

from tqdm import tqdm


def bar(total: float | None, unit: str, **more) -> tqdm:
    """Silent where nobody watches: a log file gets the lines alone."""
    return tqdm(total=total, unit=unit, unit_scale=unit == "sample", disable=None, dynamic_ncols=True, **more)


def say(record: dict | str) -> None:
    """A line that leaves the bar whole."""
    tqdm.write(record if isinstance(record, str) else json.dumps(record))


def draw_curve(log: Path, to: Path, x: str, lines: dict[str, str]) -> None:
    """The numbers of a log.jsonl against its field `x`; lines: {field: what it is called in the picture}. Fewer than two records: no picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    records = [json.loads(line) for line in log.read_text().splitlines() if line]
    if len(records) < 2:
        return
    figure, axes = pyplot.subplots(figsize=(8, 4.5), dpi=120, layout="constrained")
    for field, name in lines.items():
        axes.plot([r[x] for r in records if field in r], [r[field] for r in records if field in r], label=name, linewidth=1.5)
    axes.set(xlabel=x), axes.grid(alpha=0.3), axes.legend()
    figure.savefig(to)
    pyplot.close(figure)
