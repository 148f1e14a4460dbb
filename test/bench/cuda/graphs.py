"""Graphs in the shapes of Stable Diffusion 1.5 and XL without weights: what `npm run models -- convert` would write in float16, a few hundred kB each.

    python test/bench/cuda/graphs.py OUT [--shapes tiny|real] [--only NAME ...]

Writes OUT/<name>/model.onnx, whose weights lie in a file weights.bin that torch_peer.py fills with random numbers, and OUT/<name>/weights.json, which says
which parameter of the module stands where. So a machine with a card neither exports nor downloads anything, and torch and ONNX Runtime compute with the same
numbers. `<name>-fused` is the same graph after ONNX Runtime's own optimiser for U-Nets (attention, group norms, biases joined into CUDA kernels of their own).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(Path(__file__).parents[3] / "training"))
sys.path.insert(0, str(Path(__file__).parent))
from onnxruntime.transformers.float16 import (
    DEFAULT_OP_BLOCK_LIST,
    convert_float_to_float16,
)

from conversion.export_graphs import BATCH, IMAGE, Traced, unet_inputs
from conversion.precisions import named, time_nodes
from shapes import GRAPHS, build_meta


def main(out: Path, size: str, only: list[str]) -> None:
    plain = list(GRAPHS[size])
    for name in only or [*plain, *(f"{name}-fused" for name in plain if GRAPHS[size][name]["fuse"])]:
        export(out / name, size, name.removesuffix("-fused"), fused=name.endswith("-fused"))


def export(folder: Path, size: str, name: str, fused: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model = trace(size, name)
    weights = take_weights(model)
    if fused:
        model, weights = fuse(model, weights)
    halve(model, weights, folder)
    print(f"{folder.name}: {len(model.graph.node)} nodes, {len(weights)} weights, {sum(w['length'] for w in weights) / 1e6:.0f} MB", flush=True)


def trace(size: str, name: str) -> onnx.ModelProto:
    """The export of training/conversion/, with every parameter an input of the graph instead of bytes in it."""
    module = build_meta(size, name).to_empty(device="cpu").eval()
    if GRAPHS[size][name]["kind"] == "unet":
        pooled = GRAPHS[size][name].get("pooled")
        inputs, outputs = unet_inputs(module, pooled), ["out_sample"]
        # The sides are free in the graph, so the smallest that the U-Net can halve do.
        inputs["sample"] = inputs["sample"][:, :, :8, :8]
        dynamic = {key: BATCH for key in inputs} | {"sample": IMAGE, "out_sample": IMAGE, "encoder_hidden_states": {**BATCH, 1: "sequence_length"}}

        def function(sample, timestep, hidden, *rest):
            return module(sample, timestep, hidden, added_cond_kwargs=dict(zip(list(inputs)[3:], rest)) or None, return_dict=False)[0]
    else:
        inputs, outputs = {"latent_sample": torch.randn(1, module.config.latent_channels, 16, 16)}, ["sample"]
        dynamic = {"latent_sample": IMAGE, "sample": IMAGE}

        def function(z):
            return module.decode(z, return_dict=False)[0]

    with tempfile.TemporaryDirectory() as scratch, torch.no_grad():
        path = Path(scratch) / "model.onnx"
        torch.onnx.export(
            Traced(module, function),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes=dynamic,
            opset_version=17,
            dynamo=False,
            export_params=False,
            do_constant_folding=False,
            # Otherwise parameters with the same numbers are joined, and looking for those takes minutes.
            keep_initializers_as_inputs=True,
        )
        return onnx.load(path)


def take_weights(model: onnx.ModelProto) -> list[dict]:
    """Takes what constant folding would do out of the graph: transposes of linear layers, further axes of norms and constants, float32 casts of float32."""
    graph = model.graph
    shapes = {v.name: [dim.dim_value for dim in v.type.tensor_type.shape.dim] for v in graph.input if v.name.startswith("model.")}
    constants = {node.output[0]: numpy_helper.to_array(node.attribute[0].t) for node in graph.node if node.op_type == "Constant"}
    made = {name: {"parameter": name.removeprefix("model."), "layout": "as it is", "dims": dims} for name, dims in shapes.items()}
    float_outputs = {node.output[0] for node in graph.node if node.op_type in ("Div", "Sqrt", "Reshape")}
    kept, renamed = [], {}
    for node in graph.node:
        source, target = node.input[0] if node.input else "", node.output[0]
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
        if node.op_type == "Identity" and source in made:
            made[target] = made[source]
        elif node.op_type == "Transpose" and source in shapes and len(shapes[source]) == 2:
            made[target] = made[source] | {"layout": "transposed", "dims": shapes[source][::-1]}
        elif node.op_type == "Unsqueeze" and source in made:
            dims = list(made[source]["dims"])
            for axis in constants[node.input[1]].tolist():
                dims.insert(axis, 1)
            made[target] = made[source] | {"dims": dims}
        elif node.op_type == "Unsqueeze" and source in constants:
            constants[target] = np.expand_dims(constants[source], tuple(constants[node.input[1]].tolist()))
            kept.append(helper.make_node("Constant", [], [target], node.name, value=numpy_helper.from_array(constants[target])))
        elif node.op_type == "Cast" and node.attribute[0].i == TensorProto.FLOAT and source in float_outputs:
            renamed[target] = renamed.get(source, source)
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
    used = {name for node in kept for name in node.input}
    inputs = [value for value in graph.input if value.name not in shapes]
    del graph.input[:]
    graph.input.extend(inputs)
    return [{"name": name, **entry} for name, entry in made.items() if name in used]


def halve(model: onnx.ModelProto, weights: list[dict], folder: Path) -> None:
    """Float16 as conversion/precisions.py makes it, inputs and outputs float32; then the weights become external, in a file that is not there yet."""
    graph = model.graph
    outside = [value.name for value in (*graph.input, *graph.output)]
    graph.input.extend(helper.make_tensor_value_info(w["name"], TensorProto.FLOAT, w["dims"]) for w in weights)
    model = named(model)
    typed = onnx.shape_inference.infer_shapes(model)
    # Behind a fused node types are not known, and a node that stays float32 would get no casts; CUDA has no need of that list.
    block = ["RandomNormalLike"] if any(node.domain == "com.microsoft" for node in graph.node) else DEFAULT_OP_BLOCK_LIST
    half = convert_float_to_float16(typed, keep_io_types=outside, disable_shape_infer=True, op_block_list=block, node_block_list=time_nodes(typed.graph))
    del half.graph.value_info[:]
    by_name = {w["name"]: w for w in weights}
    inputs = [value for value in half.graph.input if value.name not in by_name]
    types = {value.name: value.type.tensor_type.elem_type for value in half.graph.input}
    del half.graph.input[:]
    half.graph.input.extend(inputs)
    offset = 0
    for w in weights:
        w["type"] = {TensorProto.FLOAT16: "float16", TensorProto.FLOAT: "float32"}[types[w["name"]]]
        w["offset"], w["length"] = offset, int(np.prod(w["dims"])) * np.dtype(w["type"]).itemsize
        tensor = TensorProto(name=w["name"], dims=w["dims"], data_type=types[w["name"]], data_location=TensorProto.EXTERNAL)
        for key, value in (("location", "weights.bin"), ("offset", offset), ("length", w["length"])):
            tensor.external_data.add(key=key, value=str(value))
        half.graph.initializer.append(tensor)
        # Aligned as onnx writes it, so that the file can be mapped.
        offset += -(-w["length"] // 64) * 64
    model.CopyFrom(half)
    onnx.save(half, folder / "model.onnx")
    (folder / "weights.json").write_text(json.dumps(weights, separators=(",", ":")))


def fuse(model: onnx.ModelProto, weights: list[dict]) -> tuple[onnx.ModelProto, list[dict]]:
    """ONNX Runtime's U-Net optimiser. Large weights stay inputs, since it would hold several copies of them; the small ones it reads get random
    numbers, by which they are found again under their new names."""
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.onnx_model_unet import UnetOnnxModel

    class ChannelsLast(UnetOnnxModel):
        def convert_conv_to_nhwc(self) -> None:
            for index, conv in enumerate([node for node in self.nodes() if node.op_type == "Conv"]):
                turned, made = f"{conv.output[0]}_in_{index}", f"{conv.output[0]}_out_{index}"
                last = f"{conv.input[1]}_channels_last"
                entry = large.pop(conv.input[1])
                dims = [entry["dims"][axis] for axis in (0, 2, 3, 1)]
                large[last] = entry | {"name": last, "layout": "channels last", "dims": dims}
                self.model.graph.input.append(helper.make_tensor_value_info(last, TensorProto.FLOAT, dims))
                nhwc = helper.make_node("NhwcConv", [turned, last, *conv.input[2:]], [made], f"NhwcConv_{index}", domain="com.microsoft")
                nhwc.attribute.extend(conv.attribute)
                self.add_node(helper.make_node("Transpose", [conv.input[0]], [turned], f"to_NHWC_{index}", perm=[0, 2, 3, 1]))
                self.add_node(nhwc)
                self.add_node(helper.make_node("Transpose", [made], [conv.output[0]], f"to_NCHW_{index}", perm=[0, 3, 1, 2]))
                self.remove_node(conv)

    join_attention(model)
    random = np.random.default_rng(0)
    large, small = {}, {}
    for w in weights:
        if len([side for side in w["dims"] if side > 1]) > 1:
            large[w["name"]] = w
            model.graph.input.append(helper.make_tensor_value_info(w["name"], TensorProto.FLOAT, w["dims"]))
        else:
            value = random.standard_normal(w["dims"], dtype=np.float32)
            small[value.flat[0].item()] = w
            model.graph.initializer.append(numpy_helper.from_array(value, w["name"]))
    options = FusionOptions("unet")
    options.enable_attention = False
    optimised = ChannelsLast(model)
    optimised.optimize(options)
    print({op: count for op, count in optimised.get_fused_operator_statistics().items() if count}, flush=True)
    result = optimised.model
    if not any(opset.domain == "com.microsoft" for opset in result.opset_import):
        result.opset_import.add(domain="com.microsoft", version=1)
    used = {name for node in result.graph.node for name in node.input}
    found = [w for name, w in large.items() if name in used]
    inner = []
    for tensor in result.graph.initializer:
        array = numpy_helper.to_array(tensor)
        entry = small.get(float(array.flat[0])) if array.dtype == np.float32 and array.size > 1 else None
        if entry is None:
            inner.append(tensor)
        elif tensor.name in used:
            found.append(entry | {"name": tensor.name, "dims": list(array.shape)})
    inputs = [
        value for value in result.graph.input if not value.name.startswith("model.") and value.name not in large and "/Transpose_output" not in value.name
    ]
    del result.graph.input[:]
    result.graph.input.extend(inputs)
    del result.graph.initializer[:]
    result.graph.initializer.extend(inner)
    return result, found


def join_attention(model: onnx.ModelProto) -> None:
    """Softmax attention → MultiHeadAttention. ONNX Runtime's optimiser knows older exports only: this one keeps a cast and a division by one in between."""
    graph = model.graph
    makers = {name: node for node in graph.node for name in node.output}
    users = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)

    def up(name: str, *ops: str) -> onnx.NodeProto:
        for op in ops:
            node = makers[name]
            if node.op_type != op:
                raise ValueError(f"{name} comes from {node.op_type}, expected {op}")
            # Scale factors are the second factor.
            name = node.input[0]
        return node

    def down(name: str, *ops: str) -> onnx.NodeProto:
        for op in ops:
            (node,) = users[name]
            if node.op_type != op:
                raise ValueError(f"{name} goes to {node.op_type}, expected {op}")
            name = node.output[0]
        return node

    made = {}
    for softmax in [node for node in graph.node if node.op_type == "Softmax"]:
        product = down(softmax.output[0], "MatMul")
        scores = up(softmax.input[0], "MatMul")
        query, key = (up(side, "Mul", "Transpose", "Reshape") for side in scores.input)
        value = up(product.input[1], "Transpose", "Reshape")
        end = down(product.output[0], "Transpose", "Reshape")
        heads = numpy_helper.to_array(makers[makers[query.input[1]].input[2]].attribute[0].t).item()
        joined = helper.make_node(
            "MultiHeadAttention",
            [query.input[0], key.input[0], value.input[0]],
            [end.output[0]],
            f"{softmax.name}/joined",
            domain="com.microsoft",
            num_heads=heads,
        )
        made[id(end)] = joined
    nodes = [made.get(id(node), node) for node in graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    if not made:
        raise ValueError("no attention found")
    # What led to a replaced node is removed by the optimiser, since nothing uses it.
    model.opset_import.add(domain="com.microsoft", version=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--shapes", choices=list(GRAPHS), default="real")
    parser.add_argument("--only", nargs="*", default=[])
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    main(arguments.out, arguments.shapes, arguments.only)
