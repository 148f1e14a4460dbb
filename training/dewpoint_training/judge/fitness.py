"""The judge judged: what the detector may be asked, by how it reads renders of which everything is known.

A category counts only where it agrees with real renders of the very prompts and disagrees with wrong ones, 99 times in 100 each.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from ..data.plans import scene_of
from .detector import Detector
from .distances import thumbnails
from .judge import EVERY_THING, FROM_SCENES, SCORED, Prompt, answers, evenly, made_wrong, make_prompts, shows, sure_of, write_prompts
from .renders import Renders, other_render
from .seen import Seen
from .wear import soup

MAY_JUDGE = 0.99  # agreement with real renders, and disagreement with wrong ones
CHOSEN_ON = (0, 1)  # renders of a prompt, by background, the detector has to read right for it to be asked; and these of what is read with more difficulty
CHOSEN_ON_MORE = {category: (3, 4, 5) for category in ("counting", "position", "background", "style", "relation", "any concept")}
MEASURED_ON = 2  # the render the detector is judged on: none its prompts were chosen on
REFERENCE_SEED, REFERENCES = 31, 600  # scenes whose features pictures are compared with; prompts have seed 30
SPARE = 2.0  # prompts made for each wanted one, for the detector misreads some


def readable(prompts: list[Prompt], detector: Detector, render: Renders) -> list[Prompt]:
    """Those of which the detector reads every render right and is sure: what it misreads it could only judge wrong."""
    right = prompts
    for k in sorted({*CHOSEN_ON, *(k for more in CHOSEN_ON_MORE.values() for k in more)}):
        asked = [p for p in right if k in CHOSEN_ON or k in CHOSEN_ON_MORE.get(p.category, ())]
        seen, _ = detector.look(render([other_render(p.scene, k) for p in asked]))
        misread = {p.text for p, s in zip(asked, seen) if not (shows(p, s) and sure(p, s))}
        right = [p for p in right if p.text not in misread]
    print(f"the detector reads the renders of {len(right)} in {len(prompts)} prompts right and is sure of them; the others are not asked", flush=True)
    return right


def sure(prompt: Prompt, seen: Seen) -> bool:
    """Well above the thresholds: another background should not change its mind."""
    if prompt.category in ("background", "style", "light"):
        return True
    labels = {p.label for p in prompt.scene.placements}
    things = [d for d in seen.detections if named(d.label, d.others, labels)]
    return all(d.score >= 0.45 and max(d.confidence if d.label in labels else 0.0, *(p for name, p in d.others if name in labels), 0.0) >= 0.35 for d in things)


def named(label: str, others, labels: set[str]) -> str | None:
    """Which of the labels a detection stands for."""
    return next((name for name in (label, *(name for name, _ in others)) if name in labels), None)


def fitness(prompts: list[Prompt], detector: Detector, render: Renders) -> tuple[dict[str, dict], np.ndarray, np.ndarray]:
    """({category: agreement on right and on wrong renders}, the right renders, their features); "no soup": sure of something in renders, of nothing in soup."""
    prompts = [p for p in prompts if p.scene is not None]
    renders = render([other_render(p.scene, MEASURED_ON) for p in prompts])
    seen, features = detector.look(renders)
    agreement = {}
    for category in FROM_SCENES:
        of = [i for i, p in enumerate(prompts) if p.category == category]
        if not of:
            continue
        right = np.mean([shows(prompts[i], seen[i]) for i in of])
        # A wrong render is another prompt's of the category, where it asks for something else, or this one's with just that wrong which is asked for.
        wrong = [not shows(prompts[i], seen[j]) for i in of for j in of if i != j and not answers(prompts[i], prompts[j].scene)]
        if category in ("counting", "colours", "position"):
            changed, _ = detector.look(render([made_wrong(prompts[i]) for i in of]))
            wrong = [not shows(prompts[i], c) for i, c in zip(of, changed)]
        agreement[category] = verdict(right, wrong)
    soups = torch.from_numpy(renders[:: max(1, len(renders) // 200)]).permute(0, 3, 1, 2).float() / 255
    soups = (soup(soups, torch.Generator().manual_seed(0)) * 255).byte().permute(0, 2, 3, 1).numpy()
    agreement["no soup"] = verdict(np.mean([sure_of(s) for s in seen]), [not sure_of(s) for s in detector.look(soups)[0]])
    return agreement, renders, features


def verdict(right: float, wrong: list[bool]) -> dict:
    refused = float(np.mean(wrong)) if wrong else 1.0
    return {"right": round(float(right), 4), "wrong": round(refused, 4), "may judge": bool(right >= MAY_JUDGE and refused >= MAY_JUDGE)}


class Judged:
    """What is known of the judge and the renders whatever the model: kept beside the detector, for it takes minutes on a CPU."""

    def __init__(self, path: Path, detector: Detector, prompts: list[Prompt], render, searched: int):
        """render: makes a `Renders`, should it be needed."""
        # The detector and the prompts say what was measured; another of either is measured anew.
        digest = hashlib.sha256(path.read_bytes() + "\n".join(p.text for p in prompts).encode() + str(searched).encode()).hexdigest()[:16]
        kept = path.with_name(f"{path.stem}-judged-{digest}.npz")
        if not kept.exists():
            render = render()
            agreement, renders, features = fitness(prompts, detector, render)
            # Fresh renders of other prompts of the same kinds; the right answers' own distance from them is the least a model can reach.
            _, reference = detector.look(render([scene_of(REFERENCE_SEED, k, held=True) for k in range(REFERENCES)]))
            training = np.concatenate([thumbnails(render([scene_of(0, k) for k in range(at, min(at + 500, searched))])) for at in range(0, searched, 500)])
            np.savez_compressed(
                kept,
                agreement=json.dumps(agreement),
                features=features.astype(np.float16),
                reference=reference.astype(np.float16),
                training=training,
                renders=thumbnails(renders),
            )
        with np.load(kept) as stored:
            self.agreement = json.loads(str(stored["agreement"]))
            self.features, self.reference = stored["features"].astype(np.float64), stored["reference"].astype(np.float64)
            self.training, self.renders = stored["training"], stored["renders"]


def prepare(path: Path, detector: Detector, render: Renders, n: int, prompts: Path, searched: int) -> None:
    """Writes n prompts per scored category (half as many of the others) the detector reads right on fresh renders, and measures it on them."""
    numbers = {c: n if c in SCORED else n // 2 for c in FROM_SCENES} | {"any concept": EVERY_THING * n // 80}
    right = readable(make_prompts({c: round(SPARE * m) for c, m in numbers.items()}, set(detector.vocabulary.things)), detector, render)
    chosen = [p for category in FROM_SCENES for p in evenly([q for q in right if q.category == category], numbers[category])]
    write_prompts(chosen, prompts)
    Judged(path, detector, chosen, lambda: render, searched)
