"""What the pretrained encoder adds: how often a word that stands in no caption means, to the U-Net, the thing it means to people; before any picture.

The U-Net makes a map of what a word looks like (`Looks`). A word is read rightly where the map nearest to its own is that of its thing's usual name. A word
table (one trained vector a word, as CLIP-sized models of this budget would have it) knows nothing of such words: it picks one of the things by chance.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from ..data.concepts import all_concepts, with_article
from ..model.checkpoint import load_models
from ..model.text import build_tokenizer
from ..model.unet import LOOK
from .judge import unseen_words


@torch.no_grad()
def maps(unet, text, tokenizer, words: list[str]) -> torch.Tensor:
    """What each word's last token looks like, [words, cells * features], of length 1."""
    made = []
    for word in words:
        encoding = tokenizer.encode(with_article(word))
        last = max(i for i, (a, b) in enumerate(encoding.offsets) if b > a)
        made.append(unet.looks(text(torch.tensor([encoding.ids]))[:, last : last + 1, :LOOK]).flatten())
    return torch.nn.functional.normalize(torch.stack(made) - torch.stack(made).mean(0), dim=1)


def ranks(known: torch.Tensor, labels: list[str], asked: torch.Tensor, meanings: list[str]) -> torch.Tensor:
    """For each word asked: how many other things' maps lie nearer to its own than its thing's does; 0 is right."""
    likeness = asked @ known.T
    right = likeness[torch.arange(len(asked)), torch.tensor([labels.index(m) for m in meanings])]
    return (likeness > right[:, None]).sum(1)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="checkpoint or exported folder")
    parser.add_argument("--out", type=Path, help="JSON to write")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    unet, text, _ = load_models(args.model)
    tokenizer, concepts = build_tokenizer(), all_concepts()
    labels, report = [c.label for c in concepts], {"things": len(concepts)}
    known = maps(unet, text, tokenizer, [c.name for c in concepts])
    lists = {"second names of captions": [(c.words[1], c.label) for c in concepts if len(c.words) > 1]}
    lists |= {f"words of no caption ({name})": [(w, m) for w, m in unseen_words(name) if m in labels] for name in ("unseen-words.txt", "kept-words.txt")}
    for name, words in lists.items():
        rank = ranks(known, labels, maps(unet, text, tokenizer, [w for w, _ in words]), [m for _, m in words])
        report[name] = {
            "words": len(words),
            "right": round((rank == 0).float().mean().item(), 3),
            "among the first ten": round((rank < 10).float().mean().item(), 3),
        }
        print(f"{name}: {len(words)}, the right thing {report[name]['right']:.3f}, among the nearest ten {report[name]['among the first ten']:.3f}")
    print(f"a word table on words of no caption: {1 / len(labels):.3f} and {10 / len(labels):.3f}, by chance")
    if args.out:
        args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
