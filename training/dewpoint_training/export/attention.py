"""The U-Net's graph with its cross-attention as outputs (docs/diffusion.md), and whether it is the same U-Net still."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from ..model.pipelines import OnnxPipeline


def attention_outputs(model: onnx.ModelProto) -> onnx.ModelProto:
    """Adds each cross-attention's probabilities to the outputs: `cross_attention.<layer>` [batch, heads, queries, tokens]; where things are placed, which
    token's thing every place shows, in front and behind, nothing's share given to the first token."""
    graph = model.graph
    after = []
    for node in list(graph.node):
        parts = node.name.strip("/").split("/")
        if node.op_type != "Softmax":
            continue
        name = "cross_attention." + ".".join(parts[:-1]).replace(".cross_attention", "")
        if "cross_attention" in parts:
            after.append(helper.make_node("Identity", [node.output[0]], [name], name=name))
        elif "token_choice" in parts:
            name = f"cross_attention.{parts[0]}"
            after += choice_of_tokens(node.output[0], name)
        else:
            continue
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", name + ".heads", name + ".queries", name + ".tokens"]))
    constants = [
        numpy_helper.from_array(np.array([v], np.int64), f"attention_{k}") for k, v in {"last": -1, "all": 2**62, "start": 0, "axis": 3, "one": 1}.items()
    ]
    graph.initializer.extend(constants)
    graph.node.extend(after)
    return model


def choice_of_tokens(probabilities: str, name: str) -> list[onnx.NodeProto]:
    """[batch, places, layers, tokens and nothing] → [batch, layers, places, tokens]"""
    node = lambda op, inputs, output, **more: helper.make_node(op, inputs, [f"{name}/{output}" if output else name], name=f"{name}/{output or 'out'}", **more)
    part = lambda of, start, end, output: node("Slice", [f"{name}/{of}", f"attention_{start}", f"attention_{end}", "attention_axis"], output)
    return [
        node("Transpose", [probabilities], "layers", perm=[0, 2, 1, 3]),
        part("layers", "start", "one", "first"),
        part("layers", "one", "last", "others"),
        part("layers", "last", "all", "nothing"),
        node("Add", [f"{name}/first", f"{name}/nothing"], "with_nothing"),
        node("Concat", [f"{name}/with_nothing", f"{name}/others"], "", axis=3),
    ]


def check_attention(folder: Path, path: Path) -> tuple[bool, float]:
    import onnxruntime as ort

    plain, maps = (ort.InferenceSession(str(p), providers=["CPUExecutionProvider"]) for p in (folder / "unet" / "model.onnx", path))
    torch.manual_seed(0)
    config = json.loads((folder / "unet" / "config.json").read_text())
    pipeline = OnnxPipeline(folder)
    feeds = {
        "sample": torch.randn(2, *pipeline.latent_shape).numpy(),
        "timestep": np.array([500, 20]),
        "encoder_hidden_states": pipeline.embed(["a fox in the forest", "two cats"]).numpy(),
    }
    (want,) = plain.run(None, feeds)
    got, *attention = maps.run(None, feeds)
    assert want.shape[1] == config["out_channels"]
    return bool(np.array_equal(got, want)), float(max(np.abs(a.sum(-1) - 1).max() for a in attention))
