"""Trains the judge of pictures (detector.py) by the clock: `--minutes` of training, the learning rate falling to zero over them, averaged weights kept.

Most pictures are crowds (crowds.py) of any things in any style, some are scenes as captions ask for them; all are rendered on the device, worn a little, and
some are made soup of: a judge that never saw soup is sure of something in it.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
import tomllib
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data.compose import Composer
from ..data.concepts import all_concepts
from ..data.looks import BACKGROUNDS, BORN_STYLES, LIGHTS, STYLES
from ..data.plans import plan_stream
from ..data.sprites import HUES
from ..train.muon import Muon, split_parameters
from ..train.optimisers import Optimisers
from ..train.progress import bar, say
from .crowds import Choices, crowds
from .detector import CELLS, FOUND, STRIDE, Detector, Vocabulary, load_detector, save_detector
from .fitness import prepare
from .judge import PROMPTS
from .renders import Renders
from .wear import round_trip, soup, worn

SEED = 20  # the first number of every seed drawn here; the U-Net's training starts with 0
SEEN_SHARE = 0.1  # of its square a thing must cover in sight to be asked for; below, it is neither right nor wrong to find it


def vocabulary() -> Vocabulary:
    return Vocabulary(tuple(c.label for c in all_concepts()), tuple(HUES), STYLES, LIGHTS, BACKGROUNDS)


def choices() -> Choices:
    concepts = all_concepts()
    recoloured = torch.tensor(["c" in c.flags for c in concepts])
    return Choices(len(concepts), len(STYLES), len(BORN_STYLES), len(LIGHTS), len(BACKGROUNDS), torch.tensor([float(h) for h in HUES.values()]), recoloured)


# --- what it should say ---------------------------------------------------------------------------------------------------------------
def color_indices(hue: Tensor, hues: Tensor) -> Tensor:
    """The hue word a plan's hue in degrees is nearest to; -1 where the thing keeps its own."""
    apart = ((hue[..., None] - hues + 180) % 360 - 180).abs()
    return torch.where(hue >= 0, apart.argmin(-1), -1)


def targets(plan: dict[str, Tensor], coverage: Tensor, soups: int = 0) -> dict[str, Tensor]:
    """What the detector should say of a plan's pictures. coverage float [n, 6, 16, 16]: each thing's alpha over 16 px squares; the first `soups` pictures show
    nothing.

    `centre` [n, 16, 16] is soft around every centre, `counts` [n, 16, 16] false where a thing is too hidden to be asked for; the rest is flat: a row for every
    thing.
    """
    n = len(plan["sprite"])
    hidden = (1 - coverage).flip(1).cumprod(1).flip(1)
    hidden = torch.cat([hidden[:, 1:], torch.ones_like(hidden[:, :1])], 1)  # what is painted later stands in front
    box = plan["box"].float()
    cx, cy, side = box[..., 0] / STRIDE, box[..., 1] / STRIDE, box[..., 2]
    in_sight = (coverage * hidden).sum((2, 3)) * STRIDE**2 / side.square()
    real = plan["sprite"] >= 0
    real = real & (torch.arange(n, device=real.device) >= soups)[:, None]
    inside = (cx > 0) & (cy > 0) & (cx < CELLS) & (cy < CELLS)
    asked = real & inside & (in_sight >= SEEN_SHARE)
    column, row = cx.long().clamp(0, CELLS - 1), cy.long().clamp(0, CELLS - 1)
    grid = torch.arange(CELLS, device=box.device)
    falloff = torch.exp(-((grid - row[..., None]) ** 2).float()[..., :, None] - ((grid - column[..., None]) ** 2).float()[..., None, :])
    doubtful = ((falloff > 0.1) & (real & ~asked)[..., None, None]).any(1)
    centre = (falloff * asked[..., None, None]).amax(1)
    picture, thing = asked.nonzero(as_tuple=True)
    at = (picture, thing)
    return {
        "centre": centre,
        "counts": ~doubtful | (centre == 1),
        "picture": picture,
        "row": row[at],
        "column": column[at],
        "kind": plan["sprite"][at].long() // len(BORN_STYLES),
        "color": plan["color"][at].long(),
        "box": torch.stack([cx[at] - column[at], cy[at] - row[at], (side[at] / 100).log()], 1),
        "style": plan["style"].long()[soups:],
        "light": plan["light"].long()[soups:],
        "background": plan["background"].long()[soups:],
    }


def loss_of(detector: Detector, out: dict[str, Tensor], want: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    soft = want["centre"]
    hit = soft == 1
    # CornerNet's focal loss: the softer the target, the less a high score there costs.
    p = out["centre"].float().sigmoid().clamp(1e-5, 1 - 1e-5)
    surprise = torch.where(hit, (1 - p) ** 2 * p.log(), (1 - soft) ** 4 * p**2 * (1 - p).log())
    centre = -(surprise * want["counts"]).sum() / hit.sum().clamp(min=1)
    said = {k: v.float() for k, v in detector.things(out["cells"][want["picture"], want["row"], want["column"]]).items()}
    kind = F.cross_entropy(said["kind"], want["kind"], label_smoothing=0.02)
    told = want["color"] >= 0  # the others keep their own colour, whatever a word for it would be
    color = F.cross_entropy(said["color"], want["color"].clamp(min=0), reduction="none").mul(told).sum() / told.sum().clamp(min=1)
    box = (said["box"] - want["box"]).abs().mean()
    soups = len(out["style"]) - len(want["style"])
    whole = {name: F.cross_entropy(out[name].float()[soups:], want[name], label_smoothing=0.02) for name in ("style", "light", "background")}
    right = (said["kind"].argmax(1) == want["kind"]).float().mean()
    parts = {"centre": centre, "kind": kind, "right": right, "color": color, "box": box} | whole
    return centre + kind + 0.5 * color + box + 0.7 * whole["style"] + 0.3 * whole["light"] + 0.3 * whole["background"], {
        k: v.detach() for k, v in parts.items()
    }


@torch.no_grad()
def score(detector: Detector, out: dict[str, Tensor], want: dict[str, Tensor]) -> dict[str, float]:
    """Shares of fresh pictures read right."""
    heat = out["centre"].float().sigmoid()
    near = F.max_pool2d(heat[:, None], 3, 1, 1)[:, 0]  # a centre one cell off is found
    peaks = (heat >= FOUND) & (heat == near) & want["counts"]
    said = detector.things(out["cells"][want["picture"], want["row"], want["column"]])
    recoloured = want["color"] >= 0
    mean = lambda x: round(x.float().mean().item(), 4)
    return {
        "found": mean(near[want["picture"], want["row"], want["column"]] >= FOUND),
        "peaks for a thing": round(peaks.sum().item() / max(1, len(want["kind"])), 4),
        "kind": mean(said["kind"].argmax(1) == want["kind"]),
        "color": round(((said["color"].argmax(1) == want["color"])[recoloured].sum() / recoloured.sum().clamp(min=1)).item(), 4),
        "px off": round(((said["box"].float() - want["box"])[:, :2].abs().mean() * STRIDE).item(), 2),
    } | {name: mean(out[name][-len(want[name]) :].argmax(1) == want[name]) for name in ("style", "light", "background")}


class Pictures:
    """Endless batches of labelled pictures, on the device they are learnt from. Plans stay in host memory, where the renderer wants them."""

    def __init__(self, config: dict, data: Path, device: str, workers: int, autoencoder=None, seed: int = SEED):
        self.config, self.device, self.autoencoder = config, device, autoencoder
        self.choices = choices()
        self.planning, self.generator = torch.Generator().manual_seed(seed), torch.Generator(device).manual_seed(seed)
        of_scenes = round(config["batch"] * config["scene_share"])
        self.scenes = plan_stream(workers, seed=seed, batch=of_scenes) if workers and of_scenes else None
        if self.scenes is not None:
            next(self.scenes)  # its processes start here, not in the first step
        self.composer = Composer(data, device)

    def plan(self, n: int) -> dict[str, Tensor]:
        if self.scenes is None:
            return crowds(n, self.choices, self.planning)
        theirs = next(self.scenes).to("cpu")
        theirs["color"] = color_indices(theirs["hue"], self.choices.hues)
        ours = crowds(n - len(theirs["sprite"]), self.choices, self.planning)
        return {k: torch.cat([v, theirs[k].to(v.dtype)]) for k, v in ours.items()}

    @torch.no_grad()
    def batch(self, n: int) -> tuple[Tensor, dict[str, Tensor]]:
        """(float [n, 3, 256, 256] in 0..1, what to say of them)"""
        plan = self.plan(n)
        pictures, coverage = self.composer.compose(plan)
        soups, through = (round(n * self.config[share]) for share in ("soup_share", "autoencoder_share"))
        soups = soups if soups > 3 else 0  # one is made of four
        if soups:
            pictures = torch.cat([soup(pictures[:soups], self.generator), pictures[soups:]])
        if self.autoencoder is not None and through:
            changed = round_trip(pictures[soups : soups + through], self.autoencoder, self.generator)
            pictures = torch.cat([pictures[:soups], changed, pictures[soups + through :]])
        x = worn(pictures, self.generator).contiguous(memory_format=torch.channels_last)
        return x, targets({k: v.to(self.device, non_blocking=True) for k, v in plan.items()}, coverage.float(), soups)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path(__file__).parents[2] / "configs" / "detector.toml")
    parser.add_argument("--data", type=Path, default=Path(".data/training"), help="work folder: sprites")
    parser.add_argument("--autoencoder", type=Path, help="vae.pt or an exported folder: some pictures go through it first")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="a detector to go on from, of the same vocabulary")
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, help="pictures a step; the configured number for the device unless given")
    parser.add_argument("--workers", type=int, default=0, help="processes that make scenes; without them all pictures are crowds")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--make-prompts", type=int, metavar="N", help="then do what `evaluate --make-prompts N` does, while the renderer is at hand")
    parser.add_argument("--prompts", type=Path, default=PROMPTS, help="where they are written")
    args = parser.parse_args(argv)
    config = tomllib.loads(args.config.read_text())
    config["batch"] = args.batch or config[f"batch_{args.device.split(':')[0]}"]
    torch.set_num_threads(args.threads)
    torch.manual_seed(SEED)
    began = time.monotonic()
    autoencoder = None
    if args.autoencoder:
        from ..model.checkpoint import Autoencoder

        autoencoder = Autoencoder.load(args.autoencoder).to(args.device)
    detector, before = Detector(vocabulary()), 0
    if args.init:
        trained, about = load_detector(args.init)
        if trained.vocabulary != detector.vocabulary:
            raise SystemExit(f"{args.init} has other words than data/concepts.txt and the grammar have now; train from nothing")
        detector.load_state_dict(trained.state_dict())
        before = about["pictures"]
    # Going on, it is shown pictures it has not seen.
    pictures = Pictures(config, args.data, args.device, args.workers, autoencoder, SEED + before)
    torch.backends.cudnn.benchmark = True
    detector = detector.to(args.device, memory_format=torch.channels_last)
    average = copy.deepcopy(detector).requires_grad_(False)
    forward = torch.compile(detector) if args.compile else detector
    hidden, rest = split_parameters([detector], ("centre", "kind", "color", "box", "style", "light", "background"))
    optimisers = Optimisers(
        (Muon(hidden, config["muon_lr"], weight_decay=0.0), config["muon_lr"]),
        (torch.optim.AdamW(rest, config["adam_lr"], betas=(0.9, 0.98), weight_decay=0.0), config["adam_lr"]),
    )
    say(
        f"ready after {time.monotonic() - began:.1f} s: {sum(p.numel() for p in detector.parameters()) / 1e6:.2f} M parameters, "
        f"{len(detector.vocabulary.things)} things"
    )

    started, told, step, made = time.monotonic(), time.monotonic(), 0, 0
    watched = bar(None, "picture")
    while (progress := (time.monotonic() - started) / (60 * args.minutes)) < 1:
        x, want = pictures.batch(config["batch"])
        with torch.autocast(args.device, dtype=torch.bfloat16):
            out = forward(x)
            loss, parts = loss_of(detector, out, want)
        loss.backward()
        optimisers.step(min(1.0, (step + 1) / config["warmup"]) * max(0.0, 1 - progress), clip=5.0)
        step += 1
        made += len(x)
        watched.update(len(x))
        with torch.no_grad():  # the average looks back over a tenth of the steps so far
            keep = 1 - min(1.0, 10 / (step + 9))
            torch._foreach_lerp_(
                [*average.parameters(), *(b for b in average.buffers() if b.is_floating_point())],
                [*detector.parameters(), *(b for b in detector.buffers() if b.is_floating_point())],
                1 - keep,
            )
        if time.monotonic() - told > config["log_seconds"]:
            told = time.monotonic()
            say(
                {"pictures": made, "seconds": round(told - started, 1), "pictures a second": round(made / (told - started))}
                | {k: round(v.item(), 3) for k, v in parts.items()}
            )
    seconds = time.monotonic() - started

    average.eval()
    save_detector(
        args.out, average, {"pictures": before + made, "seconds": round(seconds, 1), "device": args.device, "config": config}
    )  # what was trained is kept whatever comes of measuring it
    sums = []
    pictures.generator.manual_seed(SEED + 1), pictures.planning.manual_seed(SEED + 1)
    for _ in range(config["validation"]):
        x, want = pictures.batch(config["batch"])
        with torch.no_grad(), torch.autocast(args.device, dtype=torch.bfloat16):
            sums.append(score(average, average(x), want))
    measured = {k: round(sum(s[k] for s in sums) / len(sums), 4) for k in sums[0]} if sums else {}
    about = {"pictures": before + made, "seconds": round(seconds, 1), "device": args.device, "read right": measured, "config": config}
    save_detector(args.out, average, about)
    print(json.dumps({k: v for k, v in about.items() if k != "config"}), f"{args.out.stat().st_size / 1e6:.1f} MB", flush=True)
    if args.make_prompts:
        detector, _ = load_detector(args.out, args.device)  # as float16 left it
        prepare(args.out, detector, Renders(pictures.composer), args.make_prompts, args.prompts, config["searched"])


if __name__ == "__main__":
    main()
