"""Needs torch and onnx; skipped where only the data grammar's dependencies are installed."""

import hashlib
import json

import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from dewpoint_training.export.export_model import agrees, check, coarse_layers, draft_manifest, export_graph, round_weights, share
from dewpoint_training.model.checkpoint import model_file, onnx_weights
from dewpoint_training.model.text import round_to_int8
from dewpoint_training.model.vae import DECODER, VAE


class Small(torch.nn.Module):
    """Ids read rows of a table of words, several the same."""

    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(100, 32)
        self.words.weight.data = round_to_int8(self.words.weight.data)
        self.register_buffer("rows", torch.arange(3000) % 100)
        self.trained = torch.nn.Linear(32, 64)

    def forward(self, ids):
        return self.trained(self.words(self.rows[ids]))


def test_an_exported_graph_agrees_with_torch_and_gives_its_weights_back(tmp_path):
    torch.manual_seed(0)
    module, inputs = Small(), {"ids": torch.tensor([[1, 2, 2003]])}
    export_graph(module, inputs, "states", tmp_path / "model.onnx")
    assert check(tmp_path / "model.onnx", module, inputs, tolerance=2e-3) < 2e-3
    weights = onnx_weights(tmp_path / "model.onnx")
    torch.testing.assert_close(weights["words.weight"], module.words.weight.data)  # int8 storage is exact: it was rounded to that
    torch.testing.assert_close(weights["trained.weight"], module.trained.weight.data, atol=1e-3, rtol=1e-3)  # float16 storage


def test_rows_of_the_word_table_are_widened_after_they_are_looked_up(tmp_path):
    """A table of tens of thousands of words would be four times as large in memory as in the file."""
    torch.manual_seed(0)
    export_graph(Small(), {"ids": torch.tensor([[1, 2, 3]])}, "states", tmp_path / "model.onnx")
    graph = onnx.load(tmp_path / "model.onnx").graph
    sizes = {t.name: (t.data_type, t.dims[0]) for t in graph.initializer}
    assert sizes["words.weight_int8"] == (onnx.TensorProto.INT8, 100) and sizes["rows_int32"] == (onnx.TensorProto.INT32, 3000)
    gathered = {n.input[0] for n in graph.node if n.op_type == "Gather"}
    assert {"words.weight_int8", "words.weight_scale"} <= gathered and "words.weight" not in gathered


def test_what_two_models_have_in_common_is_named_in_the_second_and_written_once(tmp_path):
    teacher, student = tmp_path / "teacher", tmp_path / "student"
    for folder, unet in ((teacher, b"t"), (student, b"s")):
        for name, content in (("unet/model.onnx", unet * 20_000), ("text_encoder/model.onnx", b"x" * 20_000), ("unet/config.json", b"{}")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    draft_manifest(student, True, share(student, teacher))
    assert [p.name for p in student.rglob("*.onnx")] == ["model.onnx"] and (student / "unet" / "config.json").exists()
    files = json.loads((student / "dewpoint.json").read_text())["files"]
    assert files == {"text_encoder/model.onnx": {"sha256": hashlib.sha256(b"x" * 20_000).hexdigest(), "sizeBytes": 20_000, "from": "teacher"}}
    assert model_file(student, "text_encoder/model.onnx") == teacher / "text_encoder" / "model.onnx"
    assert model_file(student, "unet/model.onnx") == student / "unet" / "model.onnx"
    assert model_file(student, "vae_decoder/model.onnx") == student / "vae_decoder" / "model.onnx"  # nobody's: the caller says it is missing


def test_the_decoders_fine_layers_are_not_rounded():
    vae = VAE()
    rounded = {id(p) for layer in coarse_layers(vae.d) for p in layer.parameters()}
    kept = [p for p in vae.d.parameters() if id(p) not in rounded]
    assert sum(p.numel() for p in kept) < 0.1 * sum(p.numel() for p in vae.d.parameters())
    assert max(max(p.shape) for p in kept) <= max(DECODER[:2])


def test_a_graph_written_before_is_this_modules_where_the_answers_are_the_same(tmp_path):
    torch.manual_seed(0)
    module, inputs = Small(), {"ids": torch.tensor([[1, 2, 3]])}
    export_graph(module, inputs, "states", tmp_path / "model.onnx")
    assert agrees(tmp_path / "model.onnx", module, inputs)
    assert not agrees(tmp_path / "absent.onnx", module, inputs)
    module.trained.weight.data *= 1.01
    assert not agrees(tmp_path / "model.onnx", module, inputs)


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
