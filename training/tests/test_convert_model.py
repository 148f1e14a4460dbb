"""Conversion of a tiny but real Stable Diffusion model. Needs what training/convert-requirements.txt lists."""
import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("diffusers")
pytest.importorskip("onnxruntime")
sys.path.insert(0, str(Path(__file__).parent.parent))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A diffusers folder as it comes from the hub, weights random."""
    from golden.tiny.cases import STABLE_DIFFUSION, simple_pipeline
    from golden.tiny.parts import text_encoder, tokenizer, unet, vae

    folder = tmp_path_factory.mktemp("source")
    tok = tokenizer(folder / "made")
    pipe = simple_pipeline(dict(vae=vae(1), text_encoder=text_encoder(tok, 2), tokenizer=tok, unet=unet(3)))("text")
    pipe.save_pretrained(folder / "model")
    assert STABLE_DIFFUSION["clip_sample"] is False
    return folder / "model"


def test_writes_every_component_in_our_layout_and_close_to_the_source(source, tmp_path, capsys):
    import onnx
    from convert_model import convert

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
    from convert_model import convert

    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(SystemExit, match="is a FluxPipeline; what converts is StableDiffusionPipeline"):
        convert(tmp_path, tmp_path / "out")
    (tmp_path / "model.ckpt").write_bytes(b"pickle")
    with pytest.raises(SystemExit, match="only .safetensors checkpoints are read"):
        convert(tmp_path / "model.ckpt", tmp_path / "out")
