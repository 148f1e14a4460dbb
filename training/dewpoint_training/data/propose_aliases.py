"""Which words of no caption mean nearly what a word of the captions means, by all six layers of MiniLM: lines for data/aliases.txt, for a person to read.

Two layers are all the text encoder has, and after two a word's neighbours are those of its spelling and grammar more than of its meaning.
"""

from __future__ import annotations

import argparse
import json
import re

import torch
import torch.nn.functional as F
from torch import Tensor

from ..model.text import FrozenMiniLM
from ..model.tokenizer import build_tokenizer, kept_pieces
from .backgrounds import COLORS
from .concepts import all_concepts, grammar

LAYERS = 6
NO_PLACE = set("in the at on a by an with among of near under above".split())


@torch.no_grad()
def meanings(minilm: FrozenMiniLM, tokenizer, words: list[str], batch: int = 256) -> Tensor:
    """[words, 384] of length 1: the mean over tokens, as the sentence encoder was trained."""
    out = []
    for at in range(0, len(words), batch):
        ids = torch.tensor([e.ids for e in tokenizer.encode_batch(words[at : at + batch])])
        real = ids != 0
        states = minilm(ids, torch.where(real, 0.0, -1e4)[:, None, None, :]) * real[..., None]
        out.append(F.normalize(states.sum(1) / real.sum(1, keepdim=True), dim=1))
    return torch.cat(out)


def caption_words() -> tuple[set[str], list[str]]:
    """(every word a caption may hold, those that name something to draw)"""
    nouns = [name for c in all_concepts() for word in c.words for name in (word, *(() if c.mass else (c.plural(word),)))]
    places = [word for phrases in grammar()["places"].values() for phrase in phrases for word in phrase.split() if word not in NO_PLACE]
    said = set(re.findall("[a-z0-9]+", " ".join([*nouns, *COLORS, json.dumps(grammar())]).lower()))
    return said, list(dict.fromkeys([*nouns, *places, *COLORS]))


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--least", type=float, default=0.62, help="cosine from which two words are proposed")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    tokenizer, minilm = build_tokenizer([piece for piece, _ in kept_pieces()]), FrozenMiniLM.from_package(LAYERS, lexicon=False)
    pieces = [piece for piece, _ in kept_pieces()]
    said, drawn = caption_words()
    unsaid = [piece for piece in pieces if re.fullmatch("[a-z]{3,}", piece) and piece not in said]
    nearness, nearest = (meanings(minilm, tokenizer, unsaid) @ meanings(minilm, tokenizer, drawn).T).max(1)
    proposed: dict[str, list[str]] = {}
    for word, cosine, which in zip(unsaid, nearness.tolist(), nearest.tolist()):
        if cosine >= args.least and drawn[which] in pieces:
            proposed.setdefault(drawn[which], []).append(word)
    print("\n".join(f"{meaning}: {', '.join(words)}" for meaning, words in sorted(proposed.items())))


if __name__ == "__main__":
    main()
