"""`python -m dewpoint_training STAGE ...`: one command per stage; `STAGE --help` lists its options."""

from __future__ import annotations

import importlib
import sys

# Command → its module and what it makes.
STAGES = {
    "render": ("data.render", "icon sets → sprites and example scenes"),
    "freeze": ("model.text", "MiniLM → frozen.pt: the part of it that the text encoder reads, for a machine without its package"),
    "train-vae": ("train.vae", "sprites → autoencoder"),
    "propose-aliases": ("data.propose_aliases", "MiniLM → which words of no caption may be read as which of the captions"),
    "collect-words": ("data.collect_words", "CLDR → what things are called in other languages (data/lexicon)"),
    "examine-words": ("judge.examine_words", "checkpoint or exported model → what words of no caption draw"),
    "train-unet": ("train.unet", "sprites and autoencoder → U-Net and text transformer"),
    "sample": ("train.sample", "checkpoint → a sheet of pictures"),
    "train-detector": ("judge.train_detector", "fresh renders → the judge that `evaluate` asks"),
    "evaluate": ("judge.evaluate", "checkpoint or exported model → how much of what was asked for is there"),
    "distill": ("train.distill", "checkpoint → a few-step U-Net with guidance built in"),
    "export": ("export.export_model", "checkpoint → ONNX files the product loads"),
    "export-variants": ("export.export_variants", "exported model → fp16, int8 and cross-attention graphs, each kept only if its pictures stay the same"),
    "vocabulary": ("export.vocabulary", "vocabulary.json beside an exported model: what it can draw and how that may be called"),
    "card": ("judge.card", "exported model and its measurements → README and pictures"),
}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in STAGES:
        print(__doc__ + "\n\nStages:\n" + "\n".join(f"  {name:15} {what}" for name, (_, what) in STAGES.items()))
        raise SystemExit(0 if sys.argv[1:2] in ([], ["--help"], ["-h"]) else 2)
    module = importlib.import_module(f".{STAGES[sys.argv[1]][0]}", __package__)
    module.main(sys.argv[2:])


if __name__ == "__main__":
    main()
