"""What the pretrained encoder adds: how often a word that stands in no caption draws the thing it means, in cells, before any U-Net.

A word table (one trained vector a word, as CLIP-sized models of this budget would have it) knows nothing of such words: it picks one of the things by
chance. Words of the captions are asked about too, for what is lost between.
"""
from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from ..train.align_text import appearance_targets
from ..model.checkpoint import load_autoencoder, load_models
from ..data.concepts import all_concepts, with_article
from .judge import unseen_words
from ..data.sprites import Sprites
from ..model.text import build_tokenizer
from ..model.unet import LOOK


@torch.no_grad()
def ranks(unet, text, tokenizer, words: list[tuple[str, str]], pictures: torch.Tensor, labels: list[str]) -> torch.Tensor:
    """For each (word, label): how many other things' pictures lie nearer to what the word draws; 0 is right."""
    out = []
    for word, label in words:
        encoding = tokenizer.encode(with_article(word))
        last = max(i for i, (a, b) in enumerate(encoding.offsets) if b > a)
        cells = unet.appearance(text(torch.tensor([encoding.ids]))[0, last, :LOOK])
        distance = (pictures - cells).square().mean((1, 2))
        out.append(int((distance < distance[labels.index(label)]).sum()))
    return torch.tensor(out)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="checkpoint or exported folder")
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--out", type=Path, help="JSON to write")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    unet, text, _ = load_models(args.model)
    vae, _, scale = load_autoencoder(args.data)
    targets, _ = appearance_targets(Sprites(args.data / "icons"), vae, scale)
    labels = [label for label, style, color in targets if style == "3d" and color is None]
    pictures = torch.stack([targets[label, "3d", None] for label in labels])
    tokenizer, report = build_tokenizer(), {"things": len(labels)}
    seen = [(c.words[0], c.label) for c in all_concepts() if c.label in labels]
    unseen = [(word, meaning) for word, meaning in unseen_words() if meaning in labels]
    for name, words in (("words of captions", seen), ("words of no caption", unseen)):
        rank = ranks(unet, text, tokenizer, words, pictures, labels)
        report[name] = {"words": len(words), "right": round((rank == 0).float().mean().item(), 3), "among the first ten": round((rank < 10).float().mean().item(), 3)}
        print(f"{name}: {len(words)}, the right thing {report[name]['right']:.3f}, among the nearest ten {report[name]['among the first ten']:.3f}")
    print(f"a word table on words of no caption: {1 / len(labels):.3f} and {10 / len(labels):.3f}, by chance")
    if args.out:
        args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
