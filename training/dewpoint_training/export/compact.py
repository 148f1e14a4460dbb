"""Weights in an ONNX file, stored compactly: int8 with a scale where they are that, else float16; widened by nodes when a session loads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

MIN_COMPACT = 1024  # smaller tensors (norms, biases) stay float32: they cost nothing and matter most


def int8_rows(weight: np.ndarray, tolerance: float = 2e-3):
    """(int8, scale) when the weight is int8 times a scale per row (of a kernel: per output channel) or per column, else None. tolerance: of a step of int8."""
    for axis in (tuple(range(1, weight.ndim)), 0)[: 2 if weight.ndim == 2 else 1]:
        scale = np.maximum(np.abs(weight).max(axis, keepdims=True), 1e-8) / 127
        q = np.round(weight / scale)
        if np.abs(weight / scale - q).max() < tolerance:
            return q.astype(np.int8), scale.astype(np.float32)
    return None


def name_after_parameters(graph, module: nn.Module) -> None:
    """Gives every weight its torch name (`.T` appended where the exporter transposed it; a norm's may have gained axes), so that training can start from the
    exported file."""
    known = {name: tensor.detach().numpy() for name, tensor in [*module.named_parameters(), *module.named_buffers()]}
    renamed = {}
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        for name, theirs in known.items():
            for suffix, candidate in (("", theirs), (".T", theirs.T)):
                if (
                    name not in {r.removesuffix(".T") for r in renamed.values()}
                    and tensor.name not in renamed
                    and candidate.squeeze().shape == value.squeeze().shape
                    and np.array_equal(candidate.squeeze(), value.squeeze())
                ):
                    renamed[tensor.name] = name + suffix
    for tensor in graph.initializer:
        tensor.name = renamed.get(tensor.name, tensor.name)
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)


def look_up_narrow(graph, name: str, scale: tuple[int, ...]) -> bool:
    """Where a weight is nothing but a table rows are gathered from: gathers int8 rows and their scales, and widens those; a wide table of 27 thousand words
    takes 40 MB."""
    users = [node for node in graph.node if name in node.input]
    if scale[1:] != (1,) or not all(n.op_type == "Gather" and n.input[0] == name and not any(a.name == "axis" and a.i for a in n.attribute) for n in users):
        return False
    for node in users:
        at = list(graph.node).index(node)
        said = node.name or node.output[0]
        steps = [
            helper.make_node("Gather", [name + "_int8", node.input[1]], [said + "/int8"], name=said + "/rows"),
            helper.make_node("Gather", [name + "_scale", node.input[1]], [said + "/scale"], name=said + "/scales"),
            helper.make_node("Cast", [said + "/int8"], [said + "/wide"], to=TensorProto.FLOAT, name=said + "/widen"),
            helper.make_node("Mul", [said + "/wide", said + "/scale"], [node.output[0]], name=said),
        ]
        graph.node.remove(node)
        for i, step in enumerate(steps):
            graph.node.insert(at + i, step)
    return True


def store_compact(path: Path, module: nn.Module) -> None:
    model = onnx.load(path)
    graph, kept, nodes = model.graph, [], []
    name_after_parameters(graph, module)
    for tensor in graph.initializer:
        name = tensor.name
        if tensor.data_type == TensorProto.INT64 and np.prod(tensor.dims) > MIN_COMPACT:
            kept.append(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.int32), name + "_int32"))
            nodes.append(helper.make_node("Cast", [name + "_int32"], [name], to=TensorProto.INT64, name="index_" + name))
            continue
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) <= MIN_COMPACT:
            kept.append(tensor)
            continue
        weight = numpy_helper.to_array(tensor)
        rounded = int8_rows(weight) if weight.ndim >= 2 else None
        if rounded:
            kept += [numpy_helper.from_array(rounded[0], name + "_int8"), numpy_helper.from_array(rounded[1], name + "_scale")]
            if look_up_narrow(graph, name, rounded[1].shape):
                continue
            nodes.append(helper.make_node("Cast", [name + "_int8"], [name + "_wide"], to=TensorProto.FLOAT, name="cast_" + name))
            nodes.append(helper.make_node("Mul", [name + "_wide", name + "_scale"], [name], name="scale_" + name))
        else:
            kept.append(numpy_helper.from_array(weight.astype(np.float16), name + "_fp16"))
            nodes.append(helper.make_node("Cast", [name + "_fp16"], [name], to=TensorProto.FLOAT, name="cast_" + name))
    del graph.initializer[:]
    graph.initializer.extend(kept)
    body = list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes + body)
    onnx.checker.check_model(model)
    onnx.save(model, path)
