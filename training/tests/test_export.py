"""Needs torch and onnx; skipped where only the data grammar's dependencies are installed."""
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from dewpoint_training.model.checkpoint import onnx_weights  # noqa: E402
from dewpoint_training.export.export_model import check, export_graph, round_weights  # noqa: E402
from dewpoint_training.model.text import round_to_int8  # noqa: E402


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(100, 32)
        self.words.weight.data = round_to_int8(self.words.weight.data)
        self.trained = torch.nn.Linear(32, 64)

    def forward(self, ids):
        return self.trained(self.words(ids))


def test_an_exported_graph_agrees_with_torch_and_gives_its_weights_back(tmp_path):
    torch.manual_seed(0)
    module, inputs = Small(), {"ids": torch.tensor([[1, 2, 3]])}
    export_graph(module, inputs, "states", tmp_path / "model.onnx")
    assert check(tmp_path / "model.onnx", module, inputs, tolerance=2e-3) < 2e-3
    weights = onnx_weights(tmp_path / "model.onnx")
    torch.testing.assert_close(weights["words.weight"], module.words.weight.data)  # int8 storage is exact: it was rounded to that
    torch.testing.assert_close(weights["trained.weight"], module.trained.weight.data, atol=1e-3, rtol=1e-3)  # float16 storage


def test_weights_rounded_before_are_stored_exactly_in_a_byte_each(tmp_path):
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(16, 32, 3), torch.nn.Flatten(), torch.nn.Linear(32 * 36, 64))
    before = module[0].weight.detach().clone()
    round_weights(module)
    assert 0 < (module[0].weight - before).abs().max() < before.abs().max() / 200
    export_graph(module, {"picture": torch.randn(1, 16, 8, 8)}, "out", tmp_path / "model.onnx")
    assert check(tmp_path / "model.onnx", module, {"picture": torch.randn(2, 16, 8, 8)}, tolerance=1e-5) < 1e-5
    assert (tmp_path / "model.onnx").stat().st_size < 1.1 * sum(p.numel() for p in module.parameters())
    weights = onnx_weights(tmp_path / "model.onnx")
    torch.testing.assert_close(weights["0.weight"], module[0].weight.data)
    torch.testing.assert_close(weights["2.weight"], module[2].weight.data)
