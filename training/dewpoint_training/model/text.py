"""The text encoder: two frozen MiniLM layers under a small trained transformer.

MiniLM (all-MiniLM-L6-v2, Apache-2.0) brings what words mean, so a word never seen in training lands near one that was ("pony" near "horse"); after
two of its six layers neighbours are already right while tokens still stand for their own word. The vocabulary is cut to Latin pieces and everything
frozen is rounded to int8 before training, so that the exported file holds exactly what the trained part saw.

A token's embed has two parts. Its look is what the word looks like, wherever it stands: the U-Net makes a map of features of it (`Looks`). Its role says the
rest: first or second, left or right, how many, on whom (record 0019: a look alone holds nothing of the word's place in the sentence).
"""

from __future__ import annotations

import argparse
from functools import lru_cache
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from .tokenizer import TOKENS, build_tokenizer, frozen_rows, kept_pieces, minilm_folder
from .tokenizer import encode as token_ids
from .unet import HEAD_DIM, LOOK, ROLE, LayerNorm

MINILM_LAYERS, MINILM_WIDTH, MINILM_HEADS = 2, 384, 12
WIDTH = LOOK + ROLE


@lru_cache
def default_tokenizer() -> Tokenizer:
    return build_tokenizer()


def encode_prompts(captions: list[str]) -> Tensor:
    """int64 [n, 32]"""
    return encode(default_tokenizer(), captions)


def empty_prompt() -> Tensor:
    """int64 [1, 32]: the unconditional half of guidance."""
    return encode_prompts([""])


def encode(tokenizer: Tokenizer, captions: list[str]) -> Tensor:
    return torch.from_numpy(token_ids(tokenizer, captions))


def round_to_int8(weight: Tensor) -> Tensor:
    """Symmetric int8 per row, as the export stores it."""
    scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
    return (weight / scale).round() * scale


class TextLayer(nn.Module):
    """Transformer layer; `post_norm` is BERT's order (norm after the sum), the trained layers norm first."""

    def __init__(self, width: int, heads: int, ff: int, post_norm: bool = False):
        super().__init__()
        self.heads, self.post_norm = heads, post_norm
        eps = 1e-12 if post_norm else 1e-5
        self.norm1, self.norm2 = LayerNorm(width, eps=eps), LayerNorm(width, eps=eps)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.ff = nn.Sequential(nn.Linear(width, ff), nn.GELU(), nn.Linear(ff, width))

    def attend(self, x: Tensor, bias: Tensor) -> Tensor:
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        weights = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + bias).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2))

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        if self.post_norm:
            x = self.norm1(x + self.attend(x, bias))
            return self.norm2(x + self.ff(x))
        x = x + self.attend(self.norm1(x), bias)
        return x + self.ff(self.norm2(x))


class FrozenMiniLM(nn.Module):
    def __init__(self, table_rows: int, row_of_id: Tensor, layers: int = MINILM_LAYERS):
        super().__init__()
        self.words = nn.Embedding(table_rows, MINILM_WIDTH)
        self.register_buffer("rows", row_of_id)  # several ids read one row: a thing's name in every language (tokenizer.py)
        self.positions = nn.Parameter(torch.zeros(TOKENS, MINILM_WIDTH))  # token type 0 is added in
        self.norm = LayerNorm(MINILM_WIDTH, eps=1e-12)
        self.layers = nn.ModuleList([TextLayer(MINILM_WIDTH, MINILM_HEADS, 1536, post_norm=True) for _ in range(layers)])

    def forward(self, ids: Tensor, bias: Tensor) -> Tensor:
        x = self.norm(self.words(self.rows[ids]) + self.positions)
        for layer in self.layers:
            x = layer(x, bias)
        return x

    @classmethod
    def load(cls, data: Path) -> FrozenMiniLM:
        """From `frozen.pt` of a work folder, where one has no room for the whole of MiniLM; else from its package."""
        path = data / "frozen.pt"
        if not path.exists():
            return cls.from_package()
        state = torch.load(path, weights_only=True)
        rounded = {
            name.removesuffix(".int8"): state.pop(name).float() * state.pop(name.removesuffix("int8") + "scale") for name in [*state] if name.endswith(".int8")
        }
        model = cls(len(rounded["words.weight"]), state["rows"])
        model.load_state_dict(rounded | state)
        return model.requires_grad_(False).eval()

    def save(self, path: Path) -> None:
        """Matrices are int8 times a scale per row already, and are kept so."""
        kept = {}
        for name, value in self.state_dict().items():
            if name.endswith("weight") and value.ndim == 2:
                scale = value.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
                kept |= {f"{name}.int8": (value / scale).round().to(torch.int8), f"{name}.scale": scale}
            else:
                kept[name] = value
        torch.save(kept, path)

    @classmethod
    def from_package(cls, layers: int = MINILM_LAYERS, lexicon: bool = True) -> FrozenMiniLM:
        """lexicon: foreign words, emoji and aliases read the row of what they mean; else every piece its own, and ids are those of `kept_pieces`."""
        from safetensors.torch import load_file

        w = load_file(minilm_folder() / "model.safetensors")
        embeddings = w["embeddings.word_embeddings.weight"]
        if lexicon:
            table, rows = map(torch.from_numpy, frozen_rows(embeddings.numpy()))
        else:
            rows = torch.arange(len(kept_pieces()))
            table = round_to_int8(embeddings[[row for _, row in kept_pieces()]])
        model = cls(len(table), rows, layers)
        state = {
            "words.weight": table, "rows": rows,
            "positions": w["embeddings.position_embeddings.weight"][:TOKENS] + w["embeddings.token_type_embeddings.weight"][0],
            "norm.weight": w["embeddings.LayerNorm.weight"], "norm.bias": w["embeddings.LayerNorm.bias"],
        }  # fmt: skip
        names = {
            "out": "attention.output.dense",
            "norm1": "attention.output.LayerNorm",
            "ff.0": "intermediate.dense",
            "ff.2": "output.dense",
            "norm2": "output.LayerNorm",
        }
        for i in range(layers):
            old, new = f"encoder.layer.{i}.", f"layers.{i}."
            for kind in ("weight", "bias"):
                joined = torch.cat([w[f"{old}attention.self.{part}.{kind}"] for part in ("query", "key", "value")])
                state[f"{new}qkv.{kind}"] = round_to_int8(joined) if kind == "weight" else joined
                for ours, theirs in names.items():
                    value = w[f"{old}{theirs}.{kind}"]
                    state[f"{new}{ours}.{kind}"] = round_to_int8(value) if value.ndim == 2 else value
        model.load_state_dict(state)
        return model.requires_grad_(False).eval()


class Branch(nn.Module):
    """A small transformer on MiniLM's tokens: [batch, 32, 384] → [batch, 32, width]."""

    def __init__(self, width: int, depth: int):
        super().__init__()
        self.enter = nn.Linear(MINILM_WIDTH, width)
        self.layers = nn.ModuleList([TextLayer(width, width // HEAD_DIM // 2, 3 * width) for _ in range(depth)])
        self.norm = LayerNorm(width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        x = self.enter(x)
        for layer in self.layers:
            x = layer(x, bias)
        return self.norm(x)


class TextEncoder(nn.Module):
    """ids int64 [batch, 32] → prompt embeds [batch, 32, 384], look then role; rows of padding are zero, row 0 sums up the prompt."""

    def __init__(self, frozen: FrozenMiniLM, depth: int = 2):
        super().__init__()
        self.frozen = frozen
        self.look, self.role = Branch(LOOK, depth), Branch(ROLE, depth + 1)

    def forward(self, ids: Tensor) -> Tensor:
        real = ids != 0
        bias = torch.where(real, 0.0, -1e4)[:, None, None, :]
        with torch.no_grad():
            x = self.frozen(ids, bias)
        x = torch.cat([self.look(x, bias), self.role(x, bias)], -1)
        return x * real[..., None].to(x.dtype)

    def trained_state(self) -> dict:
        return {k: v for k, v in self.state_dict().items() if not k.startswith("frozen.")}


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description="Writes what `FrozenMiniLM.load` reads: two layers of MiniLM and its cut, rounded word table.")
    parser.add_argument("--out", type=Path, required=True, help="frozen.pt of a work folder")
    FrozenMiniLM.from_package().save(parser.parse_args(argv).out)
