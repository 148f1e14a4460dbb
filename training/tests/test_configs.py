"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import json

import pytest

pytest.importorskip("torch")

from dewpoint_training.export.configs import write_configs

STATE = {"config": {"channels": [32, 64], "depth": 1, "text_depth": 2, "adam_lr": 1e-3}, "samples": 5}


def written(folder, state):
    write_configs(folder, state, words=100)
    return {path.relative_to(folder).as_posix(): json.loads(path.read_text()) for path in folder.rglob("*.json")}


def test_a_distilled_model_says_at_which_levels_it_was_taught(tmp_path):
    plain, few = written(tmp_path / "plain", STATE), written(tmp_path / "few", STATE | {"scheduler": "LCMScheduler"})
    assert plain["scheduler/scheduler_config.json"]["_class_name"] == plain["model_index.json"]["scheduler"][1] == "DDIMScheduler"
    assert few["scheduler/scheduler_config.json"]["_class_name"] == few["model_index.json"]["scheduler"][1] == "LCMScheduler"
    assert "original_inference_steps" in few["scheduler/scheduler_config.json"]
    assert "original_inference_steps" not in plain["scheduler/scheduler_config.json"]


def test_sizes_in_pixels_and_latents_follow_from_each_other(tmp_path):
    files = written(tmp_path, STATE)
    vae, unet = files["vae_decoder/config.json"], files["unet/config.json"]
    # Readers of this layout take one halving less than there are widths for the autoencoder's downscaling.
    assert vae["sample_size"] == unet["sample_size"] * 2 ** (len(vae["block_out_channels"]) - 1)
    assert unet["training_config"] == {"channels": [32, 64], "depth": 1, "text_depth": 2}
