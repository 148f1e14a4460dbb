"""Writes a model's README from what was measured: training logs, evaluations, variants, benchmark; and the pictures it shows.

Prose that no measurement holds (what was predicted, what the model cannot do) comes from configs/card.toml. Pictures go beside the documentation, not
into the model's folder, whose every file is downloaded.
"""
from __future__ import annotations

import argparse
import json
import os
import shutil
import tomllib
from pathlib import Path

from ..data.concepts import all_concepts, grammar
from .evaluate import header, row_of, sheet
from .judge import CATEGORIES, of_kind
from ..model.pipelines import open_pipeline

PANDA = "a panda eating tacos at the beach"


def training_facts(logs: list[Path]) -> dict:
    """Of train-unet's and distill's log.jsonl files, oldest first."""
    records = [json.loads(line) for path in logs for line in path.read_text().splitlines() if line]
    records = [r for r in records if "val" in r]
    return {"samples": records[-1]["samples"], "loss": records[-1]["val"], "loss on objects": records[-1]["val_objects"], "curve": records}


def curve(records: list[dict], rows: int = 12) -> str:
    chosen = [records[round(i * (len(records) - 1) / (rows - 1))] for i in range(rows)] if len(records) > rows else records
    lines = [f"| {r['samples'] / 1000:.0f} k | {r['val']:.3f} | {r['val_objects']:.3f} |" for r in {r["samples"]: r for r in chosen}.values()]
    return "| samples | validation loss | on objects |\n|---|---|---|\n" + "\n".join(lines)


def panda_sheet(model: Path, data: Path, detector_path: Path, path: Path, steps: int, threads: int) -> tuple[int, int]:
    """Ten seeds of the prompt everybody tries → (how many show a panda and a taco on a beach, of how many)"""
    from .detector import load_detector

    pipeline = open_pipeline(model, data, threads=threads)
    pictures = pipeline.draw([PANDA] * 10, list(range(10)), steps, pipeline.guidance)
    sheet(path, pictures, columns=5)
    detector, _ = load_detector(detector_path)
    seen, _ = detector.look(pictures)
    return sum(bool(of_kind(s, "panda") and of_kind(s, "taco")) and s.background == "beach" for s in seen), len(seen)


def judge_table(report: dict) -> str:
    lines = [f"| {c} | {a['right']:.3f} | {a['wrong']:.3f} | {'yes' if a['may judge'] else 'no'} |" for c, a in report["detector"].items()]
    return "| category | agrees with right renders | disagrees with wrong ones | may judge |\n|---|---|---|---|\n" + "\n".join(lines)


def variants_table(reports: list[tuple[str, dict]]) -> str:
    lines = []
    for name, report in reports:
        for variant, r in report.items():
            if "median dB" in r:
                lines.append(f"| {name} | {variant} | {r['MB']} | {r['median dB']} | {r['worst dB']} | {r['limits dB'][0]:.0f} / {r['limits dB'][1]:.0f} | {'yes' if r['kept'] else 'no'} |")
            else:
                lines.append(f"| {name} | {variant} | {r['MB']} | latents {'the same' if r['same latents'] else 'differ'} | {r['outputs']} maps | | yes |")
    return "| model | variant | MB | median PSNR, dB | worst | limits | kept |\n|---|---|---|---|---|---|---|\n" + "\n".join(lines)


def bench_table(report: dict) -> str:
    lines = [f"| {r['what']} | {r['median']} {r['unit']} | {r['spread']} | {r.get('target', '')} | {'' if 'met' not in r else 'yes' if r['met'] else 'no'} |" for r in report["rows"]]
    return f"{report['machine']['cpu']}, {report['machine']['cores']} cores, Node {report['machine']['node']}.\n\n| what | median | spread | target | met |\n|---|---|---|---|---|\n" + "\n".join(lines)


def files_table(folder: Path) -> str:
    lines = [f"| `{p.relative_to(folder)}` | {p.stat().st_size / 1e6:.2f} |" for p in sorted(folder.rglob("*.onnx"))]
    total = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6
    return "| file | MB |\n|---|---|\n" + "\n".join(lines) + f"\n| everything | {total:.1f} |"


def vocabulary() -> str:
    groups: dict[str, list[str]] = {}
    for concept in all_concepts():
        groups.setdefault(concept.category, []).append(concept.name)
    lines = [f"- **{category}** ({len(names)}): {', '.join(names)}" for category, names in groups.items()]
    places = ", ".join(words[0] for words in grammar()["places"].values())
    return "\n".join(lines) + f"\n- **places** ({len(grammar()['places'])}): {places}; and ten plain colours"


def captions(path: Path) -> str:
    return "\n".join(f"    {line}" for line in path.read_text().splitlines()) if path.exists() else ""


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="exported folder; its README.md is written")
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--config", type=Path, default=Path(__file__).parents[2] / "configs" / "card.toml")
    parser.add_argument("--log", type=Path, action="append", default=[], help="log.jsonl of train-unet; repeat, oldest first")
    parser.add_argument("--evaluation", type=Path, action="append", default=[], help="JSON of evaluate; the first is this model's own, the others share its table")
    parser.add_argument("--variants", type=Path, action="append", default=[], help="JSON of export-variants; repeat")
    parser.add_argument("--bench", type=Path, help="JSON of `npm run bench -- embedded-model`")
    parser.add_argument("--sheets", type=Path, help="folder evaluate wrote its --pictures to")
    parser.add_argument("--pictures", type=Path, default=Path("docs/pictures"), help="where the card's pictures go")
    parser.add_argument("--detector", type=Path, default=Path(".data/training/detector.pt"))
    parser.add_argument("--steps", type=int, default=25, help="of the ten pandas")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    told = tomllib.loads(args.config.read_text())
    reports = [json.loads(p.read_text()) for p in args.evaluation]
    name = args.model.name
    args.pictures.mkdir(parents=True, exist_ok=True)
    link = lambda file: os.path.relpath(args.pictures / f"{name}-{file}", args.model)

    parts = [f"# {told['title'].get(name, name)}", told["summary"].get(name, "").strip()]
    hits, of = panda_sheet(args.model, args.data, args.detector, args.pictures / f"{name}-pandas.webp", args.steps, args.threads)
    parts += [f"![Ten seeds of \"{PANDA}\"]({link('pandas.webp')})", f"Ten seeds of \"{PANDA}\": the detector finds a panda and a taco on a beach in {hits} of {of} (target 9)."]
    if args.sheets and (args.sheets / "held-out.webp").exists():
        for file in ("held-out", "failures"):
            if (args.sheets / f"{file}.webp").exists():
                shutil.copy(args.sheets / f"{file}.webp", args.pictures / f"{name}-{file}.webp")
        parts += ["## Held-out prompts", f"64 of the prompts of the evaluation, none picked by hand.\n\n![64 held-out prompts]({link('held-out.webp')})\n\n<details><summary>The prompts, row.column</summary>\n\n{captions(args.sheets / 'held-out.txt')}\n\n</details>"]
        if (args.sheets / "failures.webp").exists():
            parts += ["## Failures", f"What the detector did not find, evenly taken from all it missed.\n\n![Failures]({link('failures.webp')})\n\n{captions(args.sheets / 'failures.txt')}"]
    parts += ["## What it can draw", vocabulary(), told["can"].strip(), "## What it cannot", told["cannot"].strip()]
    parts += ["## Training", told["training"][name].strip()]
    if args.log:
        facts = training_facts(args.log)
        parts += [f"{facts['samples']:,} samples; validation loss {facts['loss']:.3f}, on objects {facts['loss on objects']:.3f}.", curve(facts["curve"])]
    parts += ["## Predicted, and measured", "| what | predicted | measured | |\n|---|---|---|---|\n" + "\n".join(f"| {' | '.join(row)} |" for row in told["predictions"][name])]
    if reports:
        own = reports[0]
        missing = [c for c in CATEGORIES[:7] if c not in own["scored"]]
        parts += [
            "## Evaluation",
            f"`dewpoint_training evaluate`: {own['of']} held-out prompts in GenEval's categories, {told['held out'].strip()}",
            header() + "\n" + "\n".join(row_of(r) for r in reports),
            f"Overall: the mean of {', '.join(own['scored'])}" + (f"; {', '.join(missing)} may not be judged (below)" if missing else "") + f". Fresh renders of the same prompts: FID {own['fid of renders']:.0f}, nearest {own['nearest training scene']['renders']:.3f}. {told['reading'].strip()}",
            judge_table(own),
        ]
    if args.variants:
        parts += ["## Precisions", "Pictures of held-out prompts against the float32 graphs' on the same seeds; a variant below its limits is not shipped.", variants_table([(p.stem, json.loads(p.read_text())) for p in args.variants])]
    if args.bench:
        parts += ["## Speed", bench_table(json.loads(args.bench.read_text()))]
    parts += ["## Files", files_table(args.model), "## Data and licences", told["licences"].strip()]
    (args.model / "README.md").write_text("\n\n".join(p for p in parts if p) + "\n")
    print(f"{args.model}/README.md; pandas {hits} of {of}; pictures {sum(p.stat().st_size for p in args.pictures.glob(f'{name}-*')) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
