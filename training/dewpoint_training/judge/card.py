"""Writes a model's README from what was measured: training logs, evaluations, variants, benchmark; and the pictures it shows.

Prose that no measurement holds (what was predicted, what the model cannot do) and the bars a model is held to come from configs/card.toml. Pictures go beside
the documentation, not into the model's folder, whose every file is downloaded.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tomllib
from pathlib import Path

from ..data.concepts import all_concepts, grammar
from ..data.looks import LIGHTS, PLAIN, STYLES
from .judge import CATEGORIES, SCORED

SHEETS = {
    "held-out": ("Held-out prompts", "64 of the prompts of the evaluation, none picked by hand."),
    "failures": ("Failures", "What the detector did not find, evenly taken from all it missed."),
    "things": ("Two hundred things", "One picture each of every fifth or sixth thing: are faces whole?"),
    "styles": ("Styles", "Held-out prompts of all twelve."),
    "words": ("Words of no caption", "Other languages, emoji, and words that stand in no caption."),
    "parti": ("What people ask", "64 PartiPrompts, evenly taken, and prompts in which every other word is unknown: what is known is drawn."),
}
FIRST_SHEETS = ("held-out", "failures")  # the others are folded away


def training_facts(logs: list[Path]) -> dict:
    """Of train-unet's and distill's log.jsonl files, oldest first."""
    records = [json.loads(line) for path in logs for line in path.read_text().splitlines() if line]
    records = [r for r in records if "val" in r]
    return {"samples": records[-1]["samples"], "loss": records[-1]["val"], "loss on objects": records[-1]["val_objects"], "curve": records}


def curve(records: list[dict], rows: int = 12) -> str:
    chosen = [records[round(i * (len(records) - 1) / (rows - 1))] for i in range(rows)] if len(records) > rows else records
    lines = [f"| {r['samples'] / 1000:.0f} k | {r['val']:.3f} | {r['val_objects']:.3f} |" for r in {r["samples"]: r for r in chosen}.values()]
    return "| samples | validation loss | on objects |\n|---|---|---|\n" + "\n".join(lines)


# --- figures ------------------------------------------------------------------------------------------------------------------------------
def folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def figure(report: dict, path: str):
    """At a path such as "no soup/sure of something, parti": the figure there, or nothing."""
    for key in path.split("/"):
        if not isinstance(report, dict) or key not in report:
            return None
        report = report[key]
    return report


def bars_table(report: dict, bars: list[list], before: dict | None) -> str:
    """bars: [what, where the figure stands in the report, ">=" or "<=", the bar]; "× before" measures against the model before."""
    rows = []
    for what, path, way, bar in bars:
        value = figure(report, path.removesuffix(" × before"))
        if value is not None and path.endswith(" × before"):
            base = figure(before or {}, path.removesuffix(" × before"))
            value = value / base if base else None
        if value is None:
            continue
        met = value >= bar if way == ">=" else value <= bar
        rows.append(f"| {what} | {'≥' if way == '>=' else '≤'} {bar:g} | {round(value, 4):g} | {'met' if met else 'missed'} by {abs(value - bar):.3g} |")
    return "| what | bar | measured | |\n|---|---|---|---|\n" + "\n".join(rows)


def scores_table(reports: list[dict], categories: tuple[str, ...], overall: bool) -> str:
    columns = ["model", "precision", "steps", *(["prompts", "overall"] if overall else []), *categories, *(["FID", "nearest"] if overall else [])]
    lines = []
    for r in reports:
        cells = [
            r["name"],
            r["precision"],
            str(r["steps"]),
            *([str(r["prompts"]), f"**{r['overall']:.3f}**"] if overall else []),
            *(f"{r['scores'][c]:.2f}" if c in r["scores"] else "–" for c in categories),
        ]
        lines.append("| " + " | ".join(cells + ([f"{r['fid']:.0f}", f"{r['nearest training scene']['pictures']:.3f}"] if overall else [])) + " |")
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n" + "\n".join(lines)


def parts_table(parts: dict[str, dict[str, float]]) -> str:
    return "| category | by part |\n|---|---|\n" + "\n".join(
        f"| {category} | {', '.join(f'{name} {share:.2f}' for name, share in of.items())} |" for category, of in parts.items()
    )


def variety_table(reports: list[tuple[str, dict]]) -> str:
    lines = []
    for name, v in reports:
        mean, pandas = v["mean"], v["pandas"]
        lines.append(
            f"| {name} | {mean.get('place', 0):.1f} | {mean.get('size', 0):.3f} | {pandas['nearest pair']:.3f} | {pandas['with tacos']} of {pandas['of']} |"
        )
    return "| model | place, px | size, log | two most alike of ten pandas | pandas with tacos |\n|---|---|---|---|---|\n" + "\n".join(lines)


def judge_table(report: dict) -> str:
    lines = [f"| {c} | {a['right']:.3f} | {a['wrong']:.3f} | {'yes' if a['may judge'] else 'no'} |" for c, a in report["detector"].items()]
    return "| category | agrees with right renders | disagrees with wrong ones | may judge |\n|---|---|---|---|\n" + "\n".join(lines)


def variants_table(reports: list[tuple[str, dict]]) -> str:
    lines = []
    for name, report in reports:
        for variant, r in report.items():
            if "median dB" in r:
                lines.append(
                    f"| {name} | {variant} | {r['MB']} | {r['median dB']} | {r['worst dB']} | "
                    f"{r['limits dB'][0]:.0f} / {r['limits dB'][1]:.0f} | {'yes' if r['kept'] else 'no'} |"
                )
            else:
                lines.append(f"| {name} | {variant} | {r['MB']} | latents {'the same' if r['same latents'] else 'differ'} | {r['outputs']} maps | | yes |")
    return "| model | variant | MB | median PSNR, dB | worst | limits | kept |\n|---|---|---|---|---|---|---|\n" + "\n".join(lines)


def bench_table(report: dict) -> str:
    lines = [
        f"| {r['what']} | {r['median']} {r['unit']} | {r['spread']} | {r.get('target', '')} | {'' if 'met' not in r else 'yes' if r['met'] else 'no'} |"
        for r in report["rows"]
    ]
    return (
        f"{report['machine']['cpu']}, {report['machine']['cores']} cores, Node {report['machine']['node']}.\n\n"
        "| what | median | spread | target | met |\n|---|---|---|---|---|\n" + "\n".join(lines)
    )


def files_table(folder: Path) -> str:
    """Graphs of the folder, and those its manifest says another model holds."""
    lines = [f"| `{p.relative_to(folder)}` | {p.stat().st_size / 1e6:.2f} |" for p in sorted(folder.rglob("*.onnx"))]
    manifest = folder / "dewpoint.json"
    listed = json.loads(manifest.read_text()).get("files", {}) if manifest.exists() else {}
    lines += [f"| `{path}` | {file['sizeBytes'] / 1e6:.2f}, in [{file['from']}](../{file['from']}) |" for path, file in listed.items() if "from" in file]
    total = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6
    return "| file | MB |\n|---|---|\n" + "\n".join(lines) + f"\n| everything in this folder | {total:.1f} |"


def vocabulary() -> str:
    groups: dict[str, list[str]] = {}
    for concept in all_concepts():
        groups.setdefault(concept.category, []).append(concept.name)
    lines = [f"- **{category}** ({len(names)}): {', '.join(names)}" for category, names in groups.items()]
    lists = {
        "places": [words[0] for words in grammar()["places"].values()],
        "plain colours behind things": list(PLAIN),
        "light and weather": list(LIGHTS[1:]),
        "styles": list(STYLES),
        "actions": list(grammar()["actions"]),
    }
    return "\n".join(lines + [f"- **{name}** ({len(of)}): {', '.join(of)}" for name, of in lists.items()])


def captions(path: Path) -> str:
    return "\n".join(f"    {line}" for line in path.read_text(encoding="utf-8").splitlines()) if path.exists() else ""


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="exported folder; its README.md is written")
    parser.add_argument("--config", type=Path, default=Path(__file__).parents[2] / "configs" / "card.toml")
    parser.add_argument("--log", type=Path, action="append", default=[], help="log.jsonl of train-unet; repeat, oldest first")
    parser.add_argument(
        "--evaluation", type=Path, action="append", default=[], help="JSON of evaluate; the first is this model's own, the others share its tables"
    )
    parser.add_argument("--before", type=Path, help="JSON of evaluate of the model before, whose variety this one's is measured against")
    parser.add_argument("--more", type=Path, action="append", default=[], help='JSON of other figures the bars ask for, such as {"reconstruction": …}')
    parser.add_argument("--variants", type=Path, action="append", default=[], help="JSON of export-variants; repeat")
    parser.add_argument("--bench", type=Path, help="JSON of `npm run bench -- embedded-model`")
    parser.add_argument("--sheets", type=Path, help="folder evaluate wrote its --pictures to")
    parser.add_argument("--pictures", type=Path, default=Path("docs/pictures"), help="where the card's pictures go")
    args = parser.parse_args(argv)
    told = tomllib.loads(args.config.read_text())
    reports = [json.loads(p.read_text()) for p in args.evaluation]
    before = json.loads(args.before.read_text()) if args.before else None
    name = args.model.name
    args.pictures.mkdir(parents=True, exist_ok=True)
    link = lambda file: os.path.relpath(args.pictures / f"{name}-{file}", args.model)
    own = reports[0] if reports else {}
    for path in args.more:
        own |= json.loads(path.read_text())

    parts = [f"# {told['title'].get(name, name)}", told["summary"].get(name, "").strip()]
    if args.sheets and (args.sheets / "pandas.webp").exists():
        shutil.copy(args.sheets / "pandas.webp", args.pictures / f"{name}-pandas.webp")
        pandas = own.get("variety", {}).get("pandas", {})
        parts += [
            f'![Ten seeds of "{told["panda"]}"]({link("pandas.webp")})',
            f'Ten seeds of "{told["panda"]}": the detector finds a panda and a taco on a beach in '
            f"{pandas.get('with tacos on a beach', '?')} of {pandas.get('of', '?')}.",
        ]
    if own:
        parts += ["## Bars", told["bars"]["about"].strip(), bars_table(own, told["bars"][name], before)]
    for sheet, (title, about) in SHEETS.items() if args.sheets else ():
        if not (args.sheets / f"{sheet}.webp").exists():
            continue
        shutil.copy(args.sheets / f"{sheet}.webp", args.pictures / f"{name}-{sheet}.webp")
        body = f"{about}\n\n![{title}]({link(f'{sheet}.webp')})\n\n{folded('The prompts, row.column', captions(args.sheets / f'{sheet}.txt'))}"
        parts += [f"## {title}", body] if sheet in FIRST_SHEETS else [f"### {title}", body]
    parts += [
        "## What it can draw",
        folded(f"{len(all_concepts())} things, and the rest", vocabulary()),
        told["can"].strip(),
        "## What it cannot",
        told["cannot"].strip(),
    ]
    parts += ["## Training", told["training"][name].strip()]
    if args.log:
        facts = training_facts(args.log)
        parts += [f"{facts['samples']:,} samples; validation loss {facts['loss']:.3f}, on objects {facts['loss on objects']:.3f}.", curve(facts["curve"])]
    parts += [
        "## Predicted, and measured",
        "| what | predicted | measured | |\n|---|---|---|---|\n" + "\n".join(f"| {' | '.join(row)} |" for row in told["predictions"][name]),
    ]
    if reports:
        missing = [c for c in SCORED if c not in own["scored"]]
        of_variety = [(f"{r['name']}, {r['steps']} steps", r["variety"]) for r in [*reports, *([before] if before else [])] if "variety" in r]
        parts += [
            "## Evaluation",
            f"`dewpoint_training evaluate`: {own['of']} held-out prompts in GenEval's categories, {told['held out'].strip()}",
            scores_table(reports, SCORED, True),
            f"Overall: the mean of {', '.join(own['scored'])}"
            + (f"; {', '.join(missing)} may not be judged (below)" if missing else "")
            + f". Fresh renders of the same prompts: FID {own['fid of renders']:.0f}, nearest {own['nearest training scene']['renders']:.3f}. "
            + f"{told['reading'].strip()}",
            scores_table(reports, tuple(c for c in CATEGORIES if c not in SCORED), False),
            parts_table(own.get("parts", {})),
        ]
        if of_variety:
            parts += ["### Variety", told["variety"].strip(), variety_table(of_variety)]
        parts += ["### The judge", judge_table(own)]
    if args.variants:
        parts += [
            "## Precisions",
            "Pictures of held-out prompts against the float32 graphs' on the same seeds; a variant below its limits is not shipped.",
            variants_table([(p.stem, json.loads(p.read_text())) for p in args.variants]),
        ]
    if args.bench:
        parts += ["## Speed", bench_table(json.loads(args.bench.read_text()))]
    parts += ["## Files", files_table(args.model), "## Data and licences", told["licences"].strip()]
    (args.model / "README.md").write_text("\n\n".join(p for p in parts if p) + "\n", encoding="utf-8")
    print(f"{args.model}/README.md; pictures {sum(p.stat().st_size for p in args.pictures.glob(f'{name}-*')) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
