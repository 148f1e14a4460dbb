"""An exported graph in another precision: widened to float32, computed in float16 or int8, its weights stored compactly again.

Whether pictures stay the same is not asked here: export_variants.py draws them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .compact import MIN_COMPACT, int8_rows

# Kept in float32 in the int8 graphs: first and last convolutions, what tells the time, and what places the words' appearances.
NOT_QUANTISED = {"unet": ("conv_in", "conv_out", "time", "pooled", "place_", "paint", "looks", "tell"), "vae_decoder": ("decoder.0.", "decoder.15.")}


def widened(path: Path) -> onnx.ModelProto:
    """The graph with float32 weights: the casts that unpack them done, and ORT's portable simplifications."""
    import onnxruntime as ort

    model = onnx.load(path)
    graph = model.graph
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    kept = []
    for node in graph.node:
        if node.name.startswith("cast_") and node.input[0] in values:
            values[node.output[0]] = values.pop(node.input[0]).astype(np.float32)
        elif node.name.startswith("scale_") and all(i in values for i in node.input):
            values[node.output[0]] = values.pop(node.input[0]) * values.pop(node.input[1])
        else:
            kept.append(node)
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in values.items())
    with tempfile.TemporaryDirectory() as folder:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath, options.log_severity_level = f"{folder}/simple.onnx", 3
        onnx.save(model, f"{folder}/wide.onnx")
        ort.InferenceSession(f"{folder}/wide.onnx", options, providers=["CPUExecutionProvider"])
        return onnx.load(f"{folder}/simple.onnx")


def to_fp16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Float32 inputs and outputs stay, so that the callers need not know."""
    from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

    for i, node in enumerate(model.graph.node):
        node.name = node.name or f"node_{i}"
    half = convert_float_to_float16(model, keep_io_types=True, op_block_list=DEFAULT_OP_BLOCK_LIST, node_block_list=time_nodes(model.graph))
    compact(half.graph)
    return without_shapes(half)


def to_int8(model: onnx.ModelProto, component: str, feeds: list[dict]) -> onnx.ModelProto:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    weights = {t.name for t in model.graph.initializer}
    for i, node in enumerate(model.graph.node):
        node.name = node.name or f"node_{i}"
    chosen = [
        node.name
        for node in model.graph.node
        if node.op_type in ("Conv", "MatMul", "Gemm") and node.input[1] in weights and not node.input[1].startswith(NOT_QUANTISED[component])
    ]
    reader = type("Reader", (Records, CalibrationDataReader), {})(feeds)
    with tempfile.TemporaryDirectory() as folder:
        # Seven-bit weights: on processors without VNNI a pair of u8 x s8 products overflows 16 bits, and pictures would differ between machines.
        quantize_static(
            model,
            f"{folder}/int8.onnx",
            reader,
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "MatMul", "Gemm"],
            nodes_to_quantize=chosen,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            extra_options={"ActivationSymmetric": False, "MatMulConstBOnly": True},
        )
        quantised = onnx.load(f"{folder}/int8.onnx")
    compact(quantised.graph)
    return without_shapes(quantised)


class Records:
    """Calibration data: what the component was really asked while pictures were drawn."""

    def __init__(self, feeds: list[dict]):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def compact(graph: onnx.GraphProto) -> None:
    """Stores weights compactly, unpacked when a session loads: as int8 with a scale where they are that (the U-Net's, see export.py), else as float16."""
    kept, unpack = [], []
    for tensor in graph.initializer:
        if tensor.data_type not in (TensorProto.FLOAT, TensorProto.FLOAT16) or int(np.prod(tensor.dims)) <= MIN_COMPACT:
            kept.append(tensor)
            continue
        name, weight = tensor.name, numpy_helper.to_array(tensor)
        half = weight.dtype == np.float16
        rounded = int8_rows(weight.astype(np.float32), tolerance=0.15 if half else 2e-3) if weight.ndim >= 2 else None
        if rounded:
            kept += [numpy_helper.from_array(rounded[0], name + "_int8"), numpy_helper.from_array(rounded[1], name + "_scale")]
            single = name + "_single" if half else name
            unpack.append(helper.make_node("Cast", [name + "_int8"], [name + "_wide"], to=TensorProto.FLOAT, name="cast_" + name))
            unpack.append(helper.make_node("Mul", [name + "_wide", name + "_scale"], [single], name="scale_" + name))
            if half:
                unpack.append(helper.make_node("Cast", [single], [name], to=TensorProto.FLOAT16, name="half_" + name))
        elif half:
            kept.append(tensor)
        else:
            kept.append(numpy_helper.from_array(weight.astype(np.float16), name + "_fp16"))
            unpack.append(helper.make_node("Cast", [name + "_fp16"], [name], to=TensorProto.FLOAT, name="cast_" + name))
    body = list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(unpack + body)


def without_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Intermediate shapes are ORT's to find again; stale ones confuse it."""
    del model.graph.value_info[:]
    return model


def time_nodes(graph: onnx.GraphProto) -> list[str]:
    """Names of the nodes from the timestep to its sines and cosines."""
    makers = {name: node for node in graph.node for name in node.output}
    found, queue = [], [node for node in graph.node if node.op_type in ("Cos", "Sin")]
    while queue:
        node = queue.pop()
        found.append(node.name)
        queue += [makers[name] for name in node.input if name in makers]
    return found
