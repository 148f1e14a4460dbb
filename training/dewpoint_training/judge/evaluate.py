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
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..data.compose import Composer
from ..data.concepts import DATA
from ..data.plans import scene_of, to_plan
from ..data.scenes import Scene
from ..model.pipelines import Pipeline, open_pipeline
from ..train.progress import bar
from .detector import PICTURE, Detector, load_detector
from .judge import (
    CATEGORIES,
    EVERY_THING,
    FROM_SCENES,
    PROMPTS,
    SCORED,
    Prompt,
    answers,
    calm,
    evenly,
    half_unknown_prompts,
    language_prompts,
    made_wrong,
    make_prompts,
    of_kind,
    parti_prompts,
    read_prompts,
    shows,
    sure_of,
    word_prompts,
    write_prompts,
)  # fmt: skip
from .seen import Seen
from .wear import soup

MAY_JUDGE = 0.99  # agreement with real renders, and disagreement with wrong ones
CHOSEN_ON = (0, 1)  # renders of a prompt, by background, the detector has to read right for it to be asked
MEASURED_ON = 2  # the render the detector is judged on: none its prompts were chosen on
REFERENCE_SEED, REFERENCES = 31, 600  # scenes whose features pictures are compared with; prompts have seed 30
SPARE = 1.8  # prompts made for each wanted one, for the detector misreads some
PANDA = "a panda eating tacos at the beach"
VARIED = ("a panda", "a fox in the forest", "a red car", "a rocket in space")  # drawn from 32 seeds each: how much place and size vary
SEEDS = 32
DETAILS = ("style", "light", "counting", "position", "relation", "language", "parti")  # categories whose parts are told apart


# --- renders ----------------------------------------------------------------------------------------------------------------------------
class Renders:
    """Scenes → pictures, uint8 [n, 256, 256, 3]."""

    def __init__(self, composer: Composer):
        self.composer = composer
        self.batch = 32 if composer.device.type == "cpu" else 256

    def __call__(self, scenes: list[Scene]) -> np.ndarray:
        out = np.empty((len(scenes), PICTURE, PICTURE, 3), np.uint8)
        for at in range(0, len(scenes), self.batch):
            pictures, _ = self.composer.compose(to_plan(scenes[at : at + self.batch]).to("cpu"))
            out[at : at + self.batch] = (pictures * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return out


def other_render(scene: Scene, k: int) -> Scene:
    """The same scene before another painting of its background; 0: the render it came with."""
    return replace(scene, background_seed=scene.background_seed ^ k)


# --- the judge judged -------------------------------------------------------------------------------------------------------------------
def readable(prompts: list[Prompt], detector: Detector, render: Renders) -> list[Prompt]:
    """Those of which the detector reads every render right and is sure: what it misreads it could only judge wrong."""
    right = prompts
    for k in CHOSEN_ON:
        seen, _ = detector.look(render([other_render(p.scene, k) for p in right]))
        right = [p for p, s in zip(right, seen) if shows(p, s) and sure(p, s)]
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


# --- distances ----------------------------------------------------------------------------------------------------------------------------
def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of two Gaussians fitted to features (Heusel et al. 2017, arXiv 1706.08500)."""
    mean = np.square(a.mean(0) - b.mean(0)).sum()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(ca)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    return float(mean + np.trace(ca) + np.trace(cb) - 2 * np.sqrt(np.linalg.eigvalsh(root @ cb @ root).clip(0)).sum())


def thumbnails(pictures: np.ndarray) -> np.ndarray:
    """uint8 [n, 32 * 32 * 3]"""
    return np.stack([np.asarray(Image.fromarray(p).resize((32, 32), Image.BOX)).ravel() for p in pictures])


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Root mean square difference (0 to 1) of each of a to each of b, both of `thumbnails`."""
    a, b = (t.astype(np.float32) / 255 for t in (a, b))
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(squared.clip(0) / a.shape[1])


# --- variety and faces --------------------------------------------------------------------------------------------------------------------
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


# --- reconstruction -----------------------------------------------------------------------------------------------------------------------
def reconstruction_scenes() -> np.ndarray:
    """The 24 pictures every autoencoder here is held to, uint8 [24, 256, 256, 3]: scenes [5, 0] to [5, 23] of the grammar before this one, kept
    as they were."""
    sheet = np.asarray(Image.open(DATA / "reconstruction.webp").convert("RGB"))
    return sheet.reshape(4, PICTURE, 6, PICTURE, 3).swapaxes(1, 2).reshape(24, PICTURE, PICTURE, 3)


@torch.no_grad()
def reconstruction(autoencoder, pictures: np.ndarray) -> dict[str, float]:
    """PSNR over all pictures, and the energy of horizontal edges against the truth's: below 1 is soft."""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    y = torch.cat([autoencoder.decode(autoencoder.encode(part)) for part in x.split(8)])
    edges = lambda t: (t[..., 1:] - t[..., :-1]).abs().mean()
    return {"PSNR, dB": round(-10 * torch.log10((y.clamp(0, 1) - x).square().mean()).item(), 2), "edge energy": round((edges(y) / edges(x)).item(), 3)}


# --- the stage ----------------------------------------------------------------------------------------------------------------------------
def known(pipeline: Pipeline, prompts: list[Prompt]) -> list[Prompt]:
    """Without the prompts that hold a word the model's tokenizer cannot read at all: the first models' short word lists are judged on what they know."""
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


def sheets(folder: Path, prompts: list[Prompt], pictures: np.ndarray, verdicts: list[bool]) -> None:
    """held-out, failures, things (200 for their faces), styles, words (other languages, emoji, unseen words) and parti, each with its prompts beside it."""
    held = [i for i, p in enumerate(prompts) if p.category in SCORED]
    failed = [i for i in held if not verdicts[i]]
    of = lambda *categories: [i for i, p in enumerate(prompts) if p.category in categories]
    chosen = {
        "held-out": (sorted(np.random.default_rng(0).choice(held, min(64, len(held)), replace=False)) if held else [], 8, 160),
        "failures": (evenly(failed, 16), 8, 160),
        "things": (of("any concept"), 20, 96),
        "styles": (sorted(of("style"), key=lambda i: prompts[i].part), 12, 128),
        "words": (evenly(of("language", "emoji"), 64) + evenly(of("unseen word", "kept word", "unseen place"), 32), 12, 128),
        "parti": (evenly(of("parti"), 64) + evenly(of("half unknown"), 16), 10, 128),
    }
    for name, (which, columns, side) in chosen.items():
        if len(which):
            sheet(folder / f"{name}.webp", pictures[list(which)], columns, side)
            (folder / f"{name}.txt").write_text(
                "".join(f"{i // columns + 1}.{i % columns + 1} {'' if verdicts[k] else '(missed) '}{prompts[k].text}\n" for i, k in enumerate(which)),
                encoding="utf-8",
            )


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


def written_prompts(of_scenes: list[Prompt], parti: int, kept: bool) -> list[Prompt]:
    singles = [p for p in of_scenes if p.category == "single object"]
    part = parti_prompts(kept)
    return [*word_prompts(), *language_prompts(), *half_unknown_prompts(singles), *(part if kept else evenly(part, parti))]


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


def main(argv=None) -> None:
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
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    if args.autoencoder:
        from ..model.checkpoint import Autoencoder

        print(json.dumps({"reconstruction": reconstruction(Autoencoder.default(args.data), reconstruction_scenes())}))
        return
    detector, _ = load_detector(args.detector, args.device)

    render = lambda: Renders(Composer(args.data, args.device))
    if args.make_prompts:
        prepare(args.detector, detector, render(), args.make_prompts, args.prompts, args.nearest)
    of_scenes = read_prompts(args.prompts)
    judged = Judged(args.detector, detector, of_scenes, render, args.nearest)
    print(
        f"{len(of_scenes)} prompts; the detector on right and wrong renders: "
        + ", ".join(f"{c} {a['right']:.3f}/{a['wrong']:.3f}" for c, a in judged.agreement.items()),
        flush=True,
    )
    scored = [c for c in SCORED if judged.agreement.get(c, {}).get("may judge")]
    if unfit := [c for c in SCORED if c in judged.agreement and c not in scored]:
        print(f"not scored, for the detector may not judge it: {', '.join(unfit)}")
    if args.model is None:
        return

    everything = [*of_scenes, *written_prompts(of_scenes, args.parti, args.kept)]
    prompts = [p for category in args.only or CATEGORIES for p in evenly([q for q in everything if q.category == category], args.per_category)]
    pipeline = open_pipeline(args.model, args.data, args.dtype, args.device, args.threads)
    asked = known(pipeline, prompts) if args.known_only else prompts
    guidance = pipeline.guidance if args.guidance is None else args.guidance
    steps = args.steps or (4 if pipeline.few_step else 25)
    started = time.time()
    with bar(len(asked), "picture") as watched:
        pictures = pipeline.draw([p.text for p in asked], [seed_of(p.text) for p in asked], steps, guidance, args.sampler, watched.update)
    seconds = (time.time() - started) / len(asked)
    if pictures.shape[1] != PICTURE:
        pictures = np.stack([np.asarray(Image.fromarray(p).resize((PICTURE, PICTURE), Image.LANCZOS)) for p in pictures])
    seen, features = detector.look(pictures)
    verdicts = [shows(p, s) for p, s in zip(asked, seen)]
    share = lambda test, *categories: (
        round(float(np.mean([test(p, s, v) for p, s, v in zip(asked, seen, verdicts) if p.category in categories])), 4)
        if any(p.category in categories for p in asked)
        else None
    )
    scores = {c: share(lambda p, s, v: v, c) for c in CATEGORIES if any(p.category == c for p in asked)}
    soup_free = lambda p, s, v: sure_of(s) or calm(s)
    from_scenes = np.array([p.scene is not None for p in asked])
    thumbs = thumbnails(pictures)
    report = {
        "name": args.name or pipeline.name,
        "precision": args.dtype or ("bf16 torch" if not args.model.is_dir() else "fp32"),
        "steps": steps,
        "guidance": guidance,
        "sampler": args.sampler or ("lcm" if pipeline.few_step else "ddim"),
        "samples": pipeline.samples,
        "prompts": len(asked),
        "of": len(prompts),
        "overall": round(float(np.mean([scores[c] for c in scored if c in scores])), 4) if any(c in scores for c in scored) else 0.0,
        "scored": scored,
        "scores": scores,
        "parts": parts_of(asked, verdicts),
        "detector": judged.agreement,
        "no soup": {
            "sure of something, parti": share(lambda p, s, v: sure_of(s), "parti"),
            "or an empty backdrop": share(soup_free, "parti"),
            "sure of something, half unknown": share(lambda p, s, v: sure_of(s), "half unknown"),
            "everywhere": share(soup_free, *CATEGORIES),
        },
        "fid": round(frechet(features[from_scenes], judged.reference), 2) if from_scenes.sum() > 1 else 0.0,
        "fid of renders": round(frechet(judged.features, judged.reference), 2),
        "nearest training scene": {
            "pictures": round(float(np.median(distances(thumbs, judged.training).min(1))), 4),
            "renders": round(float(np.median(distances(judged.renders, judged.training).min(1))), 4),
            "searched": args.nearest,
        },
        "seconds per picture": round(seconds, 3),
        "failures": {c: [p.text for p, v in zip(asked, verdicts) if p.category == c and not v] for c in scores},
    }
    if not args.no_variety:
        report["variety"], pandas = variety(pipeline, detector, steps, guidance, args.sampler)
    print(header() + "\n" + row_of(report))
    print(
        json.dumps(
            {k: report[k] for k in ("parts", "no soup", "variety", "fid of renders", "nearest training scene", "seconds per picture") if k in report},
            ensure_ascii=False,
        )
    )
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if args.pictures:
        sheets(args.pictures, asked, pictures, verdicts)
        if not args.no_variety:
            sheet(args.pictures / "pandas.webp", pandas, columns=5)


if __name__ == "__main__":
    main()
