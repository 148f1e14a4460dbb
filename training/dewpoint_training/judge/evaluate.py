"""Scores a model on held-out prompts with the independent detector, and says how far its pictures are from fresh renders and from its training scenes.

First the detector is judged: on real renders of the same prompts it must agree at least 99 times in 100, and on renders of other prompts disagree as
often, or a category goes unscored. What it misreads is asked in no prompt: `--make-prompts` drops it before any model's score is seen.

Writes evaluation JSON (--out), prints its table, and makes sheets of the pictures with the failures apart (--pictures).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..data.compose import Composer
from ..model.checkpoint import Autoencoder
from ..model.pipelines import Pipeline, open_pipeline
from ..train.progress import bar
from .detector import PICTURE, load_detector
from .distances import distances, frechet, thumbnails
from .fitness import Judged, prepare
from .judge import (
    CATEGORIES,
    PROMPTS,
    SCORED,
    Prompt,
    calm,
    evenly,
    half_unknown_prompts,
    language_prompts,
    parti_prompts,
    read_prompts,
    shows,
    sure_of,
    word_prompts,
)
from .reconstruction import reconstruction, reconstruction_scenes
from .renders import Renders
from .seen import Seen
from .sheets import sheet, sheets
from .variety import variety

DETAILS = ("style", "light", "counting", "position", "relation", "language", "parti")  # categories whose parts are told apart


def known(pipeline: Pipeline, prompts: list[Prompt]) -> list[Prompt]:
    """Without the prompts that hold a word the model's tokenizer cannot read at all: the first models' short word lists are judged on what they know."""
    unknown = pipeline.tokenizer.token_to_id("[UNK]") if pipeline.tokenizer.token_to_id("[UNK]") is not None else pipeline.tokenizer.token_to_id("<unk>")
    return [p for p in prompts if unknown not in pipeline.tokenizer.encode(p.text).ids]


def seed_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def written_prompts(of_scenes: list[Prompt], parti: int, kept: bool) -> list[Prompt]:
    singles = [p for p in of_scenes if p.category == "single object"]
    part = parti_prompts(kept)
    return [*word_prompts(), *language_prompts(), *half_unknown_prompts(singles), *(part if kept else evenly(part, parti))]


def row_of(report: dict) -> str:
    """One row of the table in the model card."""
    cells = [
        report["name"],
        report["precision"],
        f"{report['steps']}",
        f"{report['prompts']}",
        *(f"{report['scores'][c]:.2f}" if c in report["scores"] else "–" for c in CATEGORIES),
    ]
    distance = report["nearest training scene"]
    return "| " + " | ".join([*cells[:4], f"**{report['overall']:.3f}**", *cells[4:], f"{report['fid']:.0f}", f"{distance['pictures']:.3f}"]) + " |"


def header() -> str:
    names = ["model", "precision", "steps", "prompts", "overall", *CATEGORIES, "FID", "nearest"]
    return "| " + " | ".join(names) + " |\n|" + "---|" * len(names)


def parts_of(prompts: list[Prompt], verdicts: list[bool]) -> dict[str, dict[str, float]]:
    told: dict[str, dict[str, list[bool]]] = {}
    for p, v in zip(prompts, verdicts):
        if p.category in DETAILS and p.part:
            told.setdefault(p.category, {}).setdefault(p.part, []).append(v)
    return {category: {part: round(float(np.mean(vs)), 3) for part, vs in sorted(parts.items())} for category, parts in told.items()}


def draw(pipeline: Pipeline, prompts: list[Prompt], steps: int, guidance: float, sampler: str | None) -> tuple[np.ndarray, float]:
    """(pictures of the side the detector looks at, uint8 [n, 256, 256, 3]; seconds each)"""
    started = time.time()
    with bar(len(prompts), "picture") as watched:
        pictures = pipeline.draw([p.text for p in prompts], [seed_of(p.text) for p in prompts], steps, guidance, sampler, watched.update)
    seconds = (time.time() - started) / len(prompts)
    if pictures.shape[1] != PICTURE:
        pictures = np.stack([np.asarray(Image.fromarray(p).resize((PICTURE, PICTURE), Image.LANCZOS)) for p in pictures])
    return pictures, seconds


def scores_of(prompts: list[Prompt], seen: list[Seen], verdicts: list[bool], scored: list[str]) -> dict:
    """What the detector says of the pictures, by category. `scored`: the categories it may judge, whose mean is the overall score."""

    def share(test, *categories: str) -> float | None:
        of = [test(s, v) for p, s, v in zip(prompts, seen, verdicts) if p.category in categories]
        return round(float(np.mean(of)), 4) if of else None

    right = lambda s, v: v
    of_something = lambda s, v: sure_of(s)
    soup_free = lambda s, v: sure_of(s) or calm(s)
    scores = {c: share(right, c) for c in CATEGORIES if any(p.category == c for p in prompts)}
    counted = [scores[c] for c in scored if c in scores]
    return {
        "overall": round(float(np.mean(counted)), 4) if counted else 0.0,
        "scored": scored,
        "scores": scores,
        "parts": parts_of(prompts, verdicts),
        "no soup": {
            "sure of something, parti": share(of_something, "parti"),
            "or an empty backdrop": share(soup_free, "parti"),
            "sure of something, half unknown": share(of_something, "half unknown"),
            "everywhere": share(soup_free, *CATEGORIES),
        },
        "failures": {c: [p.text for p, v in zip(prompts, verdicts) if p.category == c and not v] for c in scores},
    }


def distances_of(prompts: list[Prompt], pictures: np.ndarray, features: np.ndarray, judged: Judged, searched: int) -> dict:
    """How far the pictures are from fresh renders, and from training scenes; beside each, how far fresh renders of the same prompts are."""
    from_scenes = np.array([p.scene is not None for p in prompts])
    nearest = lambda thumbs: round(float(np.median(distances(thumbs, judged.training).min(1))), 4)
    return {
        "fid": round(frechet(features[from_scenes], judged.reference), 2) if from_scenes.sum() > 1 else 0.0,
        "fid of renders": round(frechet(judged.features, judged.reference), 2),
        "nearest training scene": {"pictures": nearest(thumbnails(pictures)), "renders": nearest(judged.renders), "searched": searched},
    }


def may_be_scored(judged: Judged, prompts: list[Prompt]) -> list[str]:
    """The categories the detector may judge; says how it did in each."""
    print(
        f"{len(prompts)} prompts; the detector on right and wrong renders: "
        + ", ".join(f"{c} {a['right']:.3f}/{a['wrong']:.3f}" for c, a in judged.agreement.items()),
        flush=True,
    )
    scored = [c for c in SCORED if judged.agreement.get(c, {}).get("may judge")]
    if unfit := [c for c in SCORED if c in judged.agreement and c not in scored]:
        print(f"not scored, for the detector may not judge it: {', '.join(unfit)}")
    return scored


def arguments(argv) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", help="checkpoint or exported folder; left out: only the judge is judged")
    parser.add_argument("--data", type=Path, default=Path(".data/training"), help="work folder: sprites, and the autoencoder of a checkpoint")
    parser.add_argument("--detector", type=Path, default=Path(".data/training/detector.pt"))
    parser.add_argument("--prompts", type=Path, default=PROMPTS)
    parser.add_argument(
        "--make-prompts", type=int, metavar="N", help="write N prompts per scored category (half as many of the others) whose renders the detector reads right"
    )
    parser.add_argument("--per-category", type=int, default=10**9, help="take only this many prompts of each, for a quick look")
    parser.add_argument("--only", action="append", choices=CATEGORIES, help="take only this category; repeat for several")
    parser.add_argument("--parti", type=int, default=200, help="PartiPrompts asked, evenly from its parts; all of the last 300 with --kept")
    parser.add_argument("--kept", action="store_true", help="ask the PartiPrompts kept for the end")
    parser.add_argument(
        "--known-only", action="store_true", help="leave out prompts with words the tokenizer cannot read: for the first models, whose lists are short"
    )
    parser.add_argument("--dtype", default="", help="file suffix of an exported precision (fp16, int8)")
    parser.add_argument("--steps", type=int, help="25, or 4 of a few-step model, unless given")
    parser.add_argument("--guidance", type=float, help="the model's own unless given")
    parser.add_argument("--sampler", choices=("ddim", "lcm"), help="the model's own unless given")
    parser.add_argument("--name", help="in the table; the model's own unless given")
    parser.add_argument("--out", type=Path, help="JSON to write")
    parser.add_argument("--pictures", type=Path, help="folder for sheets of pictures")
    parser.add_argument("--nearest", type=int, default=1000, help="training scenes searched for the nearest")
    parser.add_argument("--no-variety", action="store_true", help="leave out the pictures of one prompt from many seeds")
    parser.add_argument("--autoencoder", action="store_true", help="only hold the work folder's autoencoder (or the shipped one) to the 24 pictures")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args(argv)


def main(argv=None) -> None:
    args = arguments(argv)
    torch.set_num_threads(args.threads)
    if args.autoencoder:
        print(json.dumps({"reconstruction": reconstruction(Autoencoder.default(args.data), reconstruction_scenes())}))
        return
    detector, _ = load_detector(args.detector, args.device)
    render = lambda: Renders(Composer(args.data, args.device))
    if args.make_prompts:
        prepare(args.detector, detector, render(), args.make_prompts, args.prompts, args.nearest)
    of_scenes = read_prompts(args.prompts)
    judged = Judged(args.detector, detector, of_scenes, render, args.nearest)
    scored = may_be_scored(judged, of_scenes)
    if args.model is None:
        return

    everything = [*of_scenes, *written_prompts(of_scenes, args.parti, args.kept)]
    prompts = [p for category in args.only or CATEGORIES for p in evenly([q for q in everything if q.category == category], args.per_category)]
    pipeline = open_pipeline(args.model, args.data, args.dtype, args.device, args.threads)
    asked = known(pipeline, prompts) if args.known_only else prompts
    guidance = pipeline.guidance if args.guidance is None else args.guidance
    steps = args.steps or (4 if pipeline.few_step else 25)
    pictures, seconds = draw(pipeline, asked, steps, guidance, args.sampler)
    seen, features = detector.look(pictures)
    verdicts = [shows(p, s) for p, s in zip(asked, seen)]
    report = {
        "name": args.name or pipeline.name,
        "precision": args.dtype or ("bf16 torch" if not args.model.is_dir() else "fp32"),
        "steps": steps,
        "guidance": guidance,
        "sampler": args.sampler or ("lcm" if pipeline.few_step else "ddim"),
        "samples": pipeline.samples,
        "prompts": len(asked),
        "of": len(prompts),
        "detector": judged.agreement,
        **scores_of(asked, seen, verdicts, scored),
        **distances_of(asked, pictures, features, judged, args.nearest),
        "seconds per picture": round(seconds, 3),
    }
    if not args.no_variety:
        report["variety"], pandas = variety(pipeline, detector, steps, guidance, args.sampler)
    print(header() + "\n" + row_of(report))
    said = ("parts", "no soup", "variety", "fid of renders", "nearest training scene", "seconds per picture")
    print(json.dumps({k: report[k] for k in said if k in report}, ensure_ascii=False))
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if args.pictures:
        sheets(args.pictures, asked, pictures, verdicts)
        if not args.no_variety:
            sheet(args.pictures / "pandas.webp", pandas, columns=5)


if __name__ == "__main__":
    main()
