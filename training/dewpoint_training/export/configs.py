"""The JSON files of the diffusers layout, beside the graphs: what a program has to know of a model before it loads one."""

from __future__ import annotations

import json
from pathlib import Path

from ..model.few_step import GRID, TIMESTEP_SCALING
from ..model.text import TOKENS, WIDTH
from ..model.vae import DECODER, DOWNSCALE, ENCODER, LATENT_CHANNELS

LATENT_SIDE = 16


def write_json(path: Path, value: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_configs(out: Path, state: dict, words: int) -> None:
    """state: of the checkpoint; words: how many the tokenizer has."""
    write_json(
        out / "tokenizer" / "tokenizer_config.json",
        dict(tokenizer_class="PreTrainedTokenizerFast", model_max_length=TOKENS, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"),
    )
    scheduler = state.get("scheduler", "DDIMScheduler")  # a distilled U-Net says LCMScheduler
    few_step = dict(original_inference_steps=GRID, timestep_scaling=TIMESTEP_SCALING, timestep_spacing="leading") if scheduler == "LCMScheduler" else {}
    write_json(
        out / "scheduler" / "scheduler_config.json",
        dict(
            _class_name=scheduler,
            num_train_timesteps=1000,
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            prediction_type="v_prediction",
            timestep_spacing="trailing",
            clip_sample=False,
            set_alpha_to_one=True,
            steps_offset=0,
        )
        | few_step,
    )
    write_json(out / "text_encoder" / "config.json", dict(hidden_size=WIDTH, max_position_embeddings=TOKENS, vocab_size=words))
    write_json(
        out / "unet" / "config.json",
        dict(
            in_channels=LATENT_CHANNELS,
            out_channels=LATENT_CHANNELS,
            sample_size=LATENT_SIDE,
            cross_attention_dim=WIDTH,
            block_out_channels=list(state["config"]["channels"]),
            timestep="[batch] int64",
            training_samples=state["samples"],
            training_config={k: state["config"][k] for k in ("channels", "depth", "text_depth")},
        ),
    )
    for name, widths in (("vae_decoder", DECODER), ("vae_encoder", ENCODER)):  # one more width than halvings
        write_json(
            out / name / "config.json",
            dict(
                latent_channels=LATENT_CHANNELS,
                sample_size=LATENT_SIDE * DOWNSCALE,
                scaling_factor=1.0,
                block_out_channels=[32, *widths, widths[-1]],
                encoder_output="latent mean, normalised, no distribution",
            ),
        )
    onnx_model = lambda: ["onnx", "OnnxRuntimeModel"]
    write_json(
        out / "model_index.json",
        dict(
            _class_name="StableDiffusionPipeline",
            scheduler=["diffusers", scheduler],
            text_encoder=onnx_model(),
            tokenizer=["transformers", "PreTrainedTokenizerFast"],
            unet=onnx_model(),
            vae_decoder=onnx_model(),
            vae_encoder=onnx_model(),
        ),
    )
