"""The tokenizer and networks of a tiny Stable Diffusion, with seeded weights."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer


def tokenizer(folder: Path, pad: str | None = None) -> CLIPTokenizer:
    """CLIP's byte-level BPE with a handful of merges: every byte is a token, so any text is."""
    alphabet = list(bytes_to_unicode().values())
    merges = [
        ("p", "a"),
        ("n", "d"),
        ("pa", "nd"),
        ("pand", "a</w>"),
        ("t", "h"),
        ("th", "e</w>"),
        ("i", "n"),
        ("in", "g</w>"),
        ("e", "a"),
        ("ea", "t"),
        ("eat", "ing</w>"),
        ("t", "a"),
        ("a", "t</w>"),
        ("b", "l"),
        ("bl", "u"),
    ]
    words = alphabet + [c + "</w>" for c in alphabet] + ["".join(pair) for pair in merges]
    vocab = {token: i for i, token in enumerate(dict.fromkeys(words))}
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocab[special] = len(vocab)
    made = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77, **({"pad_token": pad} if pad else {}))
    made.save_pretrained(folder)
    return made


def bytes_to_unicode() -> dict[int, str]:
    """GPT-2's map from bytes to printable characters."""
    kept = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    rest = [byte for byte in range(256) if byte not in kept]
    return {byte: chr(byte) for byte in kept} | {byte: chr(256 + i) for i, byte in enumerate(rest)}


def text_encoder(tok: CLIPTokenizer, seed: int, projection: bool = False, act: str = "quick_gelu"):
    torch.manual_seed(seed)
    config = CLIPTextConfig(
        vocab_size=len(tok),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        projection_dim=16,
        max_position_embeddings=77,
        hidden_act=act,
        bos_token_id=tok.bos_token_id,
        eos_token_id=tok.eos_token_id,
    )
    return sharpen((CLIPTextModelWithProjection if projection else CLIPTextModel)(config).eval())


def unet(seed: int, **overrides) -> UNet2DConditionModel:
    torch.manual_seed(seed)
    config = dict(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=2,
    )
    return sharpen(UNet2DConditionModel(**(config | overrides)).eval())


def vae(seed: int) -> AutoencoderKL:
    torch.manual_seed(seed)
    return sharpen(
        AutoencoderKL(
            in_channels=3,
            out_channels=3,
            latent_channels=4,
            layers_per_block=1,
            block_out_channels=(4, 4, 8, 8),
            norm_num_groups=4,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            sample_size=64,
            scaling_factor=0.18215,
        ).eval()
    )


def sharpen(model: torch.nn.Module) -> torch.nn.Module:
    """Fresh weights of real initialisations barely react to their inputs; larger ones make every mistake show."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1 and "embed" not in name:
                parameter.mul_(1.5)
    return model
