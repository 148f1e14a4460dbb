"""Needs torch and onnx; skipped where only the data grammar's dependencies are installed."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
ort = pytest.importorskip("onnxruntime")
import onnx

from dewpoint_training.export.attention import attention_outputs
from dewpoint_training.export.export_model import export_graph, round_weights
from dewpoint_training.export.export_variants import point_into, psnr
from dewpoint_training.export.precisions import to_fp16, to_int8, widened
from dewpoint_training.model.unet import UNet


@pytest.fixture(scope="module")
def unet(tmp_path_factory):
    """(path of a small exported U-Net, its inputs, what it answers)"""
    torch.manual_seed(0)
    model = UNet(channels=(32, 64), depth=1)
    for p in model.parameters():
        if p.ndim >= 2 and not p.any():
            torch.nn.init.normal_(p, std=0.05)  # blocks that start as zero would hide mistakes
    round_weights(model)
    path = tmp_path_factory.mktemp("model") / "unet" / "model.onnx"
    inputs = {"sample": torch.randn(2, 16, 16, 16), "timestep": torch.tensor([999, 20]), "encoder_hidden_states": torch.randn(2, 32, 384)}
    export_graph(model, inputs, "out_sample", path, {})
    feeds = {k: v.numpy() for k, v in inputs.items()}
    return path, feeds, run(path, feeds)[0]


def run(path, feeds):
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feeds)


def error(got, want):
    return np.sqrt(np.square(got - want).mean() / np.square(want).mean())


def test_float16_answers_nearly_the_same_at_the_noisiest_timestep_too(unet, tmp_path):
    path, feeds, want = unet
    model = to_fp16(widened(path))
    point_into(model, path, "model.onnx")
    beside = path.with_name("model_fp16.onnx")
    onnx.save(model, beside)
    assert beside.stat().st_size < path.stat().st_size / 3  # the weights are model.onnx's own bytes
    (got,) = run(beside, feeds)
    for row in range(2):
        assert error(got[row], want[row]) < 0.01


def test_int8_quantises_convolutions_and_products_on_unsigned_activations(unet, tmp_path):
    path, feeds, want = unet
    model = to_int8(widened(path), "unet", [feeds])
    onnx.save(model, tmp_path / "int8.onnx")
    zero_points = {t.name: t.data_type for t in model.graph.initializer}
    activations = [zero_points[n.input[2]] for n in model.graph.node if n.op_type == "QuantizeLinear"]
    assert len(activations) > 20 and set(activations) == {onnx.TensorProto.UINT8}
    (got,) = run(tmp_path / "int8.onnx", feeds)
    assert error(got, want) < 0.15  # random weights; what a trained model loses is measured in pictures


def test_attention_maps_sum_to_one_and_change_no_answer(unet, tmp_path):
    path, feeds, want = unet
    model = attention_outputs(onnx.load(path))
    point_into(model, path, "model.onnx")
    beside = path.with_name("model_attention.onnx")
    onnx.save(model, beside)
    got, *maps = run(beside, feeds)
    names = [o.name for o in model.graph.output][1:]
    assert np.array_equal(got, want)
    assert len(maps) == 6 and all(name.startswith("cross_attention.") for name in names)  # two levels down and up, the middle, the last, and two that place
    for m in maps:
        assert m.shape[0] == 2 and m.shape[3] == 32
        np.testing.assert_allclose(m.sum(-1), 1, atol=1e-4)
    assert beside.stat().st_size < path.stat().st_size / 4  # the weights are model.onnx's own bytes


def test_psnr_of_the_same_pictures_is_the_largest_told():
    a = np.zeros((1, 4, 4, 3), np.uint8)
    assert psnr(a, a)[0] == 99
    assert abs(psnr(a, a + 255)[0]) < 1e-6
