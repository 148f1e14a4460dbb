"""A float32 graph → the same in fp16 and in int8. Neither is checked here."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

from .export_graphs import INSIDE_MAX_BYTES, save_graph


def time_nodes(graph: onnx.GraphProto) -> list[str]:
    """From the timestep to its sines and cosines: 999 in float16 is a neighbour of 999.5."""
    makers = {name: node for node in graph.node for name in node.output}
    found, queue = set(), [node for node in graph.node if node.op_type in ("Cos", "Sin")]
    while queue:
        node = queue.pop()
        if node.name not in found:
            found.add(node.name)
            queue += [makers[name] for name in node.input if name in makers]
    return sorted(found)


def named(model: onnx.ModelProto) -> onnx.ModelProto:
    """Every node with a name, every constant an initialiser: ORT's float16 converter knows which of those have to stay float32, and breaks nodes."""
    graph, kept = model.graph, []
    for i, node in enumerate(graph.node):
        node.name = node.name or f"node_{i}"
        values = [attribute.t for attribute in node.attribute if attribute.name == "value"]
        if node.op_type != "Constant" or not values:
            kept.append(node)
            continue
        values[0].name = node.output[0]
        graph.initializer.append(values[0])
    del graph.node[:]
    graph.node.extend(kept)
    return model


def write_fp16(source: Path, target: Path) -> None:
    """Float32 inputs and outputs stay, so that callers need not know."""
    model = named(onnx.load(source))
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        # The converter puts casts where it knows types. Inference from file to file, since a large model is no single message.
        plain, typed = Path(folder) / "plain.onnx", Path(folder) / "typed.onnx"
        save_graph(model, plain)
        onnx.shape_inference.infer_shapes_path(str(plain), str(typed))
        model = onnx.load(typed)
    half = convert_float_to_float16(
        model, keep_io_types=True, disable_shape_infer=True, op_block_list=DEFAULT_OP_BLOCK_LIST, node_block_list=time_nodes(model.graph)
    )
    del half.graph.value_info[:]
    save_graph(half, target)


class Feeds(CalibrationDataReader):
    def __init__(self, feeds: list[dict[str, np.ndarray]]):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def write_int8(source: Path, target: Path, feeds: list[dict[str, np.ndarray]]) -> None:
    """Convolutions and products with weights on u8 activations and s8 weights (s8 activations are ten times slower in ORT), the rest float32."""
    model = named(onnx.load(source))
    weights = {tensor.name for tensor in model.graph.initializer}
    layers = [node for node in model.graph.node if node.op_type in ("Conv", "MatMul", "Gemm") and node.input[1] in weights]
    # The first and last convolution meet latents themselves, and the time embedding is one small vector everything depends on.
    chosen = [node.name for node in layers if not any(part in node.name for part in ("conv_in", "conv_out", "time_embedding", "add_embedding"))]
    external = sum(len(tensor.raw_data) for tensor in model.graph.initializer) > INSIDE_MAX_BYTES
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        named_path, made = Path(folder) / "named.onnx", Path(folder) / "int8.onnx"
        save_graph(model, named_path)
        # Seven-bit weights: on processors without VNNI a pair of u8 x s8 products overflows 16 bits, and pictures would differ between machines.
        quantize_static(
            str(named_path),
            str(made),
            Feeds(feeds),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "MatMul", "Gemm"],
            nodes_to_quantize=chosen,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            use_external_data_format=external,
            extra_options={"ActivationSymmetric": False, "MatMulConstBOnly": True},
        )
        save_graph(onnx.load(made), target)
