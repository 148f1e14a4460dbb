"""Draws prompts with a checkpoint's averaged weights: to look at, and to compare seeds."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from ..model.checkpoint import Autoencoder, load_models
from .sheet import SHEET_PROMPTS, save_sheet


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--prompt", action="append", help="repeat for several; the usual sixteen otherwise")
    parser.add_argument("--copies", type=int, default=1, help="pictures per prompt, each from its own noise")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--columns", type=int, default=6)
    args = parser.parse_args(argv)
    unet, text, state = load_models(args.checkpoint, args.data)
    prompts = [p for p in args.prompt or SHEET_PROMPTS for _ in range(args.copies)]
    few = state.get("scheduler") == "LCMScheduler"
    save_sheet(
        args.out,
        unet.to(memory_format=torch.channels_last),
        text,
        Autoencoder.default(args.data),
        prompts,
        args.columns,
        seed=args.seed,
        steps=args.steps,
        guidance=args.guidance,
        few=few,
    )


if __name__ == "__main__":
    main()
