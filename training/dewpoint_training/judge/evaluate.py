"""Scores a model on held-out prompts with the independent detector, and says how far its pictures are from fresh renders and from its training scenes.

First the detector is judged: on real renders of the same prompts it must agree at least 99 times in 100, and on renders of other prompts disagree as
often, or a category goes unscored. Concepts it misses on fresh renders are asked about in no prompt (`--make-prompts`).

Writes evaluation JSON (--out), its row of the table (printed), and a sheet of the pictures with the failures apart (--pictures).
"""
from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .detector import PICTURE, Detector, load_detector, save_detector
from .judge import CATEGORIES, PROMPTS, SCORED, Prompt, make_prompts, read_prompts, shows
from ..model.pipelines import Pipeline, open_pipeline
from ..train.progress import bar
from ..data.grid_scenes import Placement, Scene, SceneGenerator, render_scene
from .seen import Seen
from ..data.sprites import HUES, STYLES, Sprites
from .style_match import match_color, match_style

MAY_JUDGE = 0.99  # agreement with real renders, and disagreement with wrong ones
PROMPT_SEED = 30  # the first number of the seeds prompts come from; training's start with 0, the detector's with 20
REFERENCE_SEED = 31
CHOSEN_ON = (0, 1, 3, 4, 5)  # renders of a prompt, by background, the detector has to read right for it to be asked; the first two of every category
DELICATE = ("counting", "colours", "style")
MEASURED_ON = 2  # the render the detector is judged on: none its prompts were chosen on
SPARE = 160  # per cent of the prompts wanted that are made, for the detector misreads some


# --- the judge judged -------------------------------------------------------------------------------------------------------------------
def examine(detector: Detector, sprites: Sprites, views: int = 2) -> tuple[dict[str, float], dict[str, list[str]]]:
    """(share of fresh renders each concept is recognised on, what it is taken for instead), single and alone, in every style."""
    recall, mistaken = {}, {}
    rng = np.random.default_rng([PROMPT_SEED, 1])
    generator = SceneGenerator(sprites)
    for concept in generator.concepts:
        pictures = []
        for style in STYLES:
            for _ in range(views):
                size = int(rng.choice((96, 128, 160)))
                x, y = (32 * int(v) for v in rng.integers(0, (PICTURE - size) // 32 + 1, 2))
                scene = Scene("", generator.place(rng, [concept]), style, [Placement(concept.label, size, x, y)], background_seed=int(rng.integers(2**31)))
                pictures.append(np.asarray(render_scene(scene, sprites)))
        seen, _ = detector.look(np.stack(pictures))
        best = [s.detections[0].label if s.detections else "nothing" for s in seen]
        recall[concept.label] = float(np.mean([label == concept.label for label in best]))
        wrong = [label for label in best if label != concept.label]
        if wrong:
            mistaken[concept.label] = [label for label, _ in Counter(wrong).most_common(2)]
    return recall, mistaken


def look(detector: Detector, pictures: np.ndarray, prompts: list[Prompt], sprites: Sprites) -> tuple[list[Seen], np.ndarray]:
    """What the detector sees; where style or colour is asked for, that whose own drawing of the thing seen is the closest."""
    seen, features = detector.look(pictures)
    for i, (prompt, s) in enumerate(zip(prompts, seen)):
        if prompt.category == "colours":
            labels = {p.label for p in prompt.scene.placements if p.color}
            recolored = tuple(replace(d, color=match_color(pictures[i], d, label, prompt.scene.style, sprites)) if (label := named(d, labels)) else d for d in s.detections)
            seen[i] = replace(s, detections=recolored)
        if prompt.category == "style":
            seen[i] = replace(s, style=match_style(pictures[i], s.detections[0], sprites) if s.detections else "nothing")
    return seen, features


def other_render(scene: Scene, k: int) -> Scene:
    """The same scene before another painting of its background; 0: the render it came with."""
    return replace(scene, background_seed=scene.background_seed ^ k)


def readable(prompts: list[Prompt], detector: Detector, sprites: Sprites, per_category: int) -> list[Prompt]:
    """The first of each category of which the detector reads every render right: what it misreads it could only judge wrong."""
    right = prompts
    for k in CHOSEN_ON:
        asked = [p for p in right if k < 2 or p.category in DELICATE]
        seen, _ = look(detector, np.stack([np.asarray(render_scene(other_render(p.scene, k), sprites)) for p in asked]), asked, sprites)
        misread = {p.text for p, s in zip(asked, seen) if not (shows(p, s) and sure(p, s))}
        right = [p for p in right if p.text not in misread]
    print(f"the detector reads the renders of {len(right)} in {len(prompts)} prompts right and is sure of them; the others are not asked", flush=True)
    return [p for category in CATEGORIES for p in [q for q in right if q.category == category][: per_category if category in SCORED else per_category // 2]]


def sure(prompt: Prompt, seen: Seen) -> bool:
    """Well above the thresholds: another background should not change its mind."""
    if prompt.category in ("background", "unseen place"):
        return True
    labels = {p.label for p in prompt.scene.placements}
    things = [d for d in seen.detections if named(d, labels)]
    least = 0.6 if prompt.category in DELICATE else 0.5
    return all(d.score >= least and max(d.confidence if d.label in labels else 0.0, *(p for name, p in d.others if name in labels), 0.0) >= 0.35 for d in things)


def fitness(prompts: list[Prompt], detector: Detector, sprites: Sprites) -> tuple[dict[str, dict], np.ndarray, np.ndarray]:
    """({category: agreement on right and on wrong renders}, the right renders, their features)"""
    renders = np.stack([np.asarray(render_scene(other_render(p.scene, MEASURED_ON), sprites)) for p in prompts])
    seen, features = look(detector, renders, prompts, sprites)
    agreement = {}
    for category in CATEGORIES:
        of = [i for i, p in enumerate(prompts) if p.category == category]
        if not of:
            continue
        right = np.mean([shows(prompts[i], seen[i]) for i in of])
        # A wrong render is another prompt's of the category, where it asks for something else, or this one's with just that wrong which is asked for.
        wrong = [not shows(prompts[i], seen[j]) for i in of for j in of if i != j and not answers(prompts[i], prompts[j].scene)]
        if category in ("counting", "colours", "position"):
            changed, _ = look(detector, np.stack([np.asarray(render_scene(made_wrong(prompts[i]), sprites)) for i in of]), [prompts[i] for i in of], sprites)
            wrong = [not shows(prompts[i], c) for i, c in zip(of, changed)]
        agreement[category] = {"right": round(float(right), 4), "wrong": round(float(np.mean(wrong)), 4) if wrong else 1.0, "may judge": bool(right >= MAY_JUDGE and (not wrong or np.mean(wrong) >= MAY_JUDGE))}
    return agreement, renders, features


def named(detection, labels: set[str]) -> str | None:
    """Which of the labels a detection stands for."""
    return next((label for label in (detection.label, *(name for name, _ in detection.others)) if label in labels), None)


def made_wrong(prompt: Prompt) -> Scene:
    """The right answer with one thing too few, in another colour, or with the two things in each other's place."""
    scene = prompt.scene
    if prompt.category == "counting":
        return replace(scene, placements=scene.placements[1:])
    if prompt.category == "colours":
        hues = list(HUES)
        return replace(scene, placements=[replace(p, color=p.color and hues[(hues.index(p.color) + 3) % len(hues)]) for p in scene.placements])
    a, b = scene.placements
    return replace(scene, placements=[replace(a, label=b.label, color=b.color), replace(b, label=a.label, color=a.color)])


def answers(prompt: Prompt, scene: Scene) -> bool:
    """Whether another prompt's right answer happens to answer this one."""
    own = prompt.scene
    if prompt.category in ("background", "unseen place"):
        return own.background == scene.background
    if prompt.category == "style":
        return own.style == scene.style
    return {p.label for p in own.placements} <= {p.label for p in scene.placements}


# --- distances ----------------------------------------------------------------------------------------------------------------------------
def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of two Gaussians fitted to features (Heusel et al. 2017, arXiv 1706.08500)."""
    mean = np.square(a.mean(0) - b.mean(0)).sum()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(ca)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    return float(mean + np.trace(ca) + np.trace(cb) - 2 * np.sqrt(np.linalg.eigvalsh(root @ cb @ root).clip(0)).sum())


def small(pictures: np.ndarray) -> np.ndarray:
    """float32 [n, 32 * 32 * 3] in 0..1"""
    return np.stack([np.asarray(Image.fromarray(p).resize((32, 32), Image.BOX), np.float32).ravel() / 255 for p in pictures])


def nearest(pictures: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Root mean square difference of each to its nearest among `training`, both of `small`."""
    a, b = small(pictures), training
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(squared.min(1).clip(0) / a.shape[1])


def training_scenes(sprites: Sprites, n: int) -> np.ndarray:
    generator = SceneGenerator(sprites)
    return np.concatenate([small(np.stack([np.asarray(render_scene(generator.scene([0, k]), sprites)) for k in range(at, min(at + 500, n))])) for at in range(0, n, 500)])


# --- the stage ----------------------------------------------------------------------------------------------------------------------------
def known(pipeline: Pipeline, prompts: list[Prompt]) -> list[Prompt]:
    """Without the prompts that hold a word the model's tokenizer cannot read at all: other vocabularies than this one's are judged on what they know."""
    unknown = pipeline.tokenizer.token_to_id("[UNK]") if pipeline.tokenizer.token_to_id("[UNK]") is not None else pipeline.tokenizer.token_to_id("<unk>")
    return [p for p in prompts if unknown not in pipeline.tokenizer.encode(p.text).ids]


def seed_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def sheet(path: Path, pictures: np.ndarray, columns: int = 8, side: int = 160) -> None:
    rows = -(-len(pictures) // columns)
    image = Image.new("RGB", (columns * side, rows * side), "white")
    for i, picture in enumerate(pictures):
        image.paste(Image.fromarray(picture).resize((side, side), Image.LANCZOS), (i % columns * side, i // columns * side))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=82)


def evenly(prompts: list[Prompt], per_category: int) -> list[Prompt]:
    taken: Counter = Counter()
    kept = []
    for p in prompts:
        taken[p.category] += 1
        if taken[p.category] <= per_category:
            kept.append(p)
    return kept


def row_of(report: dict) -> str:
    """One row of the table in the model card."""
    cells = [report["name"], report["precision"], f"{report['steps']}", f"{report['prompts']}", *(f"{report['scores'][c]:.2f}" if c in report["scores"] else "–" for c in CATEGORIES)]
    distance = report["nearest training scene"]
    return "| " + " | ".join([*cells[:4], f"**{report['overall']:.3f}**", *cells[4:], f"{report['fid']:.0f}", f"{distance['pictures']:.3f}"]) + " |"


def header() -> str:
    names = ["model", "precision", "steps", "prompts", "overall", *CATEGORIES, "FID", "nearest"]
    return "| " + " | ".join(names) + " |\n|" + "---|" * len(names)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", help="checkpoint or exported folder; left out: only the judge is judged")
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--detector", type=Path, default=Path(".data/training/detector.pt"))
    parser.add_argument("--prompts", type=Path, default=PROMPTS)
    parser.add_argument("--make-prompts", type=int, metavar="N", help="examine the detector, then write N prompts per scored category (half as many of the others) about what it may judge")
    parser.add_argument("--per-category", type=int, default=10**9, help="take only this many prompts of each, for a quick look")
    parser.add_argument("--dtype", default="", help="file suffix of an exported precision (fp16, int8)")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, help="the model's own unless given")
    parser.add_argument("--sampler", choices=("ddim", "lcm"), help="the model's own unless given")
    parser.add_argument("--name", help="in the table; the model's own unless given")
    parser.add_argument("--out", type=Path, help="JSON to write")
    parser.add_argument("--pictures", type=Path, help="folder for sheets of pictures")
    parser.add_argument("--nearest", type=int, default=6000, help="training scenes searched for the nearest")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    sprites = Sprites(args.data / "icons")
    detector, about = load_detector(args.detector, args.device)

    if args.make_prompts:
        if "judged" not in about:
            recall, mistaken = examine(detector, sprites)
            about |= {"judged": sorted(label for label, share in recall.items() if share == 1), "recall": float(np.mean(list(recall.values())))}
            save_detector(args.detector, detector, about)
            for label, instead in mistaken.items():
                print(f"  {label} ({recall[label]:.2f}), taken for {', '.join(instead)}")
        print(f"recognised on fresh renders: {about['recall']:.4f}; every time: {len(about['judged'])} of {len(detector.labels)} concepts")
        more = make_prompts(sprites, args.make_prompts * SPARE // 100, PROMPT_SEED, set(about["judged"]))
        args.prompts.write_text("".join(p.to_json() + "\n" for p in readable(more, detector, sprites, args.make_prompts)))

    prompts = evenly(read_prompts(args.prompts), args.per_category)
    agreement, renders, render_features = fitness(prompts, detector, sprites)
    print(f"{len(prompts)} prompts; the detector on right and wrong renders: " + ", ".join(f"{c} {a['right']:.3f}/{a['wrong']:.3f}" for c, a in agreement.items()), flush=True)
    scored = [c for c in SCORED if agreement.get(c, {}).get("may judge")]
    if unfit := [c for c in SCORED if c in agreement and c not in scored]:
        print(f"not scored, for the detector may not judge it: {', '.join(unfit)}")
    if args.model is None:
        return

    pipeline = open_pipeline(args.model, args.data, args.dtype, args.device, args.threads)
    asked = known(pipeline, prompts)
    guidance = pipeline.guidance if args.guidance is None else args.guidance
    started = time.time()
    with bar(len(asked), "picture") as watched:
        pictures = pipeline.draw([p.text for p in asked], [seed_of(p.text) for p in asked], args.steps, guidance, args.sampler, watched.update)
    seconds = (time.time() - started) / len(asked)
    if pictures.shape[1] != PICTURE:
        pictures = np.stack([np.asarray(Image.fromarray(p).resize((PICTURE, PICTURE), Image.LANCZOS)) for p in pictures])
    seen, features = look(detector, pictures, asked, sprites)
    verdicts = [shows(p, s) for p, s in zip(asked, seen)]
    scores = {c: round(float(np.mean([v for v, p in zip(verdicts, asked) if p.category == c])), 4) for c in CATEGORIES if any(p.category == c for p in asked)}

    # Fresh renders of other prompts of the same kinds; the right answers' own distance from them is the least a model can reach.
    others = make_prompts(sprites, max(20, 2 * len(prompts) // len(CATEGORIES)), REFERENCE_SEED, set(about.get("judged", detector.labels)))
    _, reference = detector.look(np.stack([np.asarray(render_scene(p.scene, sprites)) for p in others]))
    training = training_scenes(sprites, args.nearest)
    report = {
        "name": args.name or pipeline.name, "precision": args.dtype or ("bf16 torch" if not args.model.is_dir() else "fp32"), "steps": args.steps, "guidance": guidance,
        "sampler": args.sampler or ("lcm" if pipeline.few_step else "ddim"), "samples": pipeline.samples, "prompts": len(asked), "of": len(prompts),
        "overall": round(float(np.mean([scores[c] for c in scored if c in scores])), 4), "scored": scored, "scores": scores, "detector": agreement,
        "fid": round(frechet(features, reference), 2), "fid of renders": round(frechet(render_features, reference), 2),
        "nearest training scene": {"pictures": round(float(np.median(nearest(pictures, training))), 4), "renders": round(float(np.median(nearest(renders, training))), 4), "searched": args.nearest},
        "seconds per picture": round(seconds, 3), "failures": [p.text for p, v in zip(asked, verdicts) if not v],
    }  # fmt: skip
    print(header() + "\n" + row_of(report))
    print(f"renders themselves: FID {report['fid of renders']:.0f}, nearest {report['nearest training scene']['renders']:.3f}")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(report, indent=1) + "\n")
    if args.pictures:
        rng = np.random.default_rng(0)
        held = [i for i, p in enumerate(asked) if p.category in SCORED]
        some = sorted(rng.choice(held, min(64, len(held)), replace=False))
        failed = [i for i in held if not verdicts[i]][:: max(1, sum(not verdicts[i] for i in held) // 16)][:16]
        for name, which in (("held-out", some), ("failures", failed)):
            if len(which):
                sheet(args.pictures / f"{name}.webp", pictures[which])
                (args.pictures / f"{name}.txt").write_text("".join(f"{i // 8 + 1}.{i % 8 + 1} {'' if verdicts[k] else '(missed) '}{asked[k].text}\n" for i, k in enumerate(which)))


if __name__ == "__main__":
    main()
