"""Conversion of a tiny but real Stable Diffusion model, as a diffusers folder and as one file. Needs what training/conversion/requirements.txt lists."""

import json
import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("accelerate")
pytest.importorskip("diffusers")
pytest.importorskip("onnxruntime")
sys.path.insert(0, str(Path(__file__).parent.parent))

# Stable Diffusion 1's levels, for the names of an original checkpoint count them; channels as few as there can be.
CROSS, PLAIN = "CrossAttn{}Block2D", "{}Block2D"
LEVELS = dict(
    layers_per_block=2,
    block_out_channels=(8, 16, 16, 16),
    down_block_types=[kind.format("Down") for kind in (CROSS, CROSS, CROSS, PLAIN)],
    up_block_types=[kind.format("Up") for kind in (PLAIN, CROSS, CROSS, CROSS)],
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A diffusers folder as it comes from the hub, weights random."""
    import torch

    from golden.tiny.cases import STABLE_DIFFUSION, simple_pipeline
    from golden.tiny.parts import text_encoder, tokenizer, unet, vae

    folder = tmp_path_factory.mktemp("source")
    tok = tokenizer(folder / "made")
    models = dict(vae=vae(1), text_encoder=text_encoder(tok, 2), unet=unet(3, **LEVELS))
    noise = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for model in models.values():
            # Fresh norms are all alike: one in another's place would not show.
            for parameter in model.parameters():
                if parameter.ndim == 1:
                    parameter.add_(torch.randn(parameter.shape, generator=noise), alpha=0.1)
    pipe = simple_pipeline(dict(tokenizer=tok, **models))("text")
    pipe.save_pretrained(folder / "model")
    assert STABLE_DIFFUSION["clip_sample"] is False
    return folder / "model"


@pytest.fixture(scope="module")
def configs(source, tmp_path_factory):
    """The same folder without a weight in it, as `--config` wants it."""
    return shutil.copytree(source, tmp_path_factory.mktemp("configs") / "model", ignore=shutil.ignore_patterns("*.safetensors"))


@pytest.fixture(scope="module")
def checkpoint(source, tmp_path_factory):
    """The same weights in one file, named as Stable Diffusion's own code names them."""
    from original_names import save_checkpoint

    path = tmp_path_factory.mktemp("checkpoint") / "Tiny Model.safetensors"
    save_checkpoint(source, path)
    return path


def test_writes_every_component_in_our_layout_and_close_to_the_source(source, tmp_path, capsys):
    import onnx

    from conversion.convert_model import convert

    convert(source, tmp_path / "out")
    out = tmp_path / "out"
    for part in ("text_encoder", "unet", "vae_decoder", "vae_encoder"):
        assert (out / part / "model.onnx").exists()
        assert (out / part / "config.json").exists()
    said = capsys.readouterr().out
    assert "unet fp32: relative error" in said and "unet int8: relative error" in said
    bytes_of = {kind: 0 for kind in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)}
    for tensor in onnx.load(out / "unet/model_fp16.onnx").graph.initializer:
        if tensor.data_type in bytes_of:
            bytes_of[tensor.data_type] += len(tensor.raw_data)
    # What tells the time stays float32.
    assert bytes_of[onnx.TensorProto.FLOAT] < 0.05 * bytes_of[onnx.TensorProto.FLOAT16]
    assert any(node.op_type == "DequantizeLinear" for node in onnx.load(out / "unet/model_int8.onnx").graph.node)
    timestep = next(value for value in onnx.load(out / "unet/model.onnx").graph.input if value.name == "timestep")
    assert timestep.type.tensor_type.shape.dim[0].dim_param == "batch_size"
    assert json.loads((out / "model_index.json").read_text())["_class_name"] == "StableDiffusionPipeline"


def test_refuses_what_does_not_run_by_its_name(tmp_path):
    from conversion.convert_model import convert

    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(SystemExit, match="is a FluxPipeline; what converts is StableDiffusionPipeline"):
        convert(tmp_path, tmp_path / "out")
    (tmp_path / "model.ckpt").write_bytes(b"pickle")
    with pytest.raises(SystemExit, match=r"only \.safetensors checkpoints are read"):
        convert(tmp_path / "model.ckpt", tmp_path / "out")


def test_says_what_a_checkpoint_lacks(checkpoint, configs, tmp_path):
    from safetensors.torch import load_file, save_file

    from conversion.read_source import read_source

    tensors = load_file(checkpoint)

    def without(part: str) -> Path:
        save_file({name: tensor for name, tensor in tensors.items() if part not in name}, tmp_path / "part.safetensors")
        return tmp_path / "part.safetensors"

    with pytest.raises(SystemExit, match=r"--config takes a diffusers folder; there is no model_index\.json"):
        read_source(checkpoint, tmp_path)
    with pytest.raises(SystemExit, match="has no autoencoder; a checkpoint that converts has all three"):
        read_source(without("first_stage_model."), configs)
    with pytest.raises(SystemExit, match="does not fit the configs"):
        read_source(without("middle_block.0.in_layers.2"), configs)
    with pytest.raises(SystemExit, match=r"lacks 1 weights, the first of them text_encoder encoder\.layers\.1\.mlp\.fc1\.weight"):
        read_source(without("encoder.layers.1.mlp.fc1.weight"), configs)
    (tmp_path / "part.safetensors").write_bytes(b"not weights")
    with pytest.raises(SystemExit, match="is no safetensors file, or a damaged one"):
        read_source(tmp_path / "part.safetensors", configs)


def test_asks_for_configs_where_the_hub_does_not_give_them(checkpoint, monkeypatch):
    import diffusers
    from huggingface_hub.errors import LocalEntryNotFoundError

    from conversion.read_source import read_source

    def unreachable(*_, **__):
        raise LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(diffusers.loaders.single_file, "snapshot_download", unreachable)
    with pytest.raises(SystemExit, match="those of stable-diffusion-v1-5/stable-diffusion-v1-5, and the hub did not give them; --config FOLDER"):
        read_source(checkpoint, None)


def test_reads_every_weight_of_one_file_with_original_names(source, checkpoint, configs, monkeypatch):
    import diffusers
    import torch

    from conversion.read_source import read_source

    # With configs at hand nothing is fetched.
    monkeypatch.setattr(diffusers.loaders.single_file, "snapshot_download", None)
    folder, file = read_source(source, None), read_source(checkpoint, configs)
    for part in ("text_encoder", "unet", "vae"):
        expected, read = (getattr(pipe, part).state_dict() for pipe in (folder, file))
        assert expected.keys() == read.keys()
        assert [name for name in expected if not torch.equal(expected[name], read[name])] == []


def test_one_file_gives_the_latents_of_the_folder_it_was(source, checkpoint, configs, tmp_path):
    from conversion.check import OnnxUNet, latents_of, relative_error
    from conversion.convert_model import convert
    from conversion.read_source import read_source

    convert(checkpoint, tmp_path / "out", configs)
    pipe = read_source(source, None)
    made = OnnxUNet(tmp_path / "out/unet/model.onnx", pipe.unet)
    # The order of sums; a convolution in another's place is off by 0.67.
    assert relative_error(latents_of(pipe, made, 64), latents_of(pipe, pipe.unet, 64)) < 1e-5
