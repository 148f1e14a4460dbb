"""Torch modules into ONNX graphs, with inputs and outputs named as optimum names them."""

from pathlib import Path

import numpy as np
import onnx
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModelWithProjection

from .files import write_json


class Graph(torch.nn.Module):
    def __init__(self, model: torch.nn.Module, forward):
        super().__init__()
        self.model, self.function = model, forward

    def forward(self, *inputs):
        return self.function(*inputs)


def export(
    path: Path,
    model: torch.nn.Module,
    forward,
    inputs: dict[str, torch.Tensor],
    outputs: list[str],
    dynamic: dict[str, dict[int, str]],
    edit=lambda graph: None,
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        Graph(model, forward),
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=outputs,
        dynamic_axes=dynamic,
        opset_version=17,
        dynamo=False,
    )
    exported = onnx.load(path)
    edit(exported.graph)
    onnx.save(exported, path)
    shorten_names(path)


def output_cross_attention(graph: onnx.GraphProto) -> None:
    """Adds what every cross-attention's softmax gives, [batch, heads, queries, tokens], to the outputs of an exported U-Net.

    The convention of docs/diffusion.md: outputs named `cross_attention.<layer>`. Works on any U-Net torch's exporter wrote with its
    module paths in the names (diffusers calls cross-attention `attn2`); the arithmetic is the same without them.
    """
    for node in graph.node:
        parts = node.name.strip("/").split("/")
        if node.op_type == "Softmax" and "attn2" in parts:
            name = "cross_attention." + ".".join(part for part in parts[:-1] if part != "model")
            probabilities = node.output[0]
            for user in graph.node:
                user.input[:] = [name if value == probabilities else value for value in user.input]
            node.output[0] = name
            shape = ["batch_size", "heads", name + ".queries", "sequence_length"]
            graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))


def shorten_names(path: Path) -> None:
    """Half of so small a graph is the module paths in its names; those of layers stay, for LoRA files speak of them."""
    model = onnx.load(path)
    weights = {tensor.name for tensor in model.graph.initializer if len(tensor.dims) > 1}
    kept = {value.name for value in [*model.graph.input, *model.graph.output]}
    short = {}
    rename = lambda name: name if name in kept or not name else short.setdefault(name, f"v{len(short)}")
    for tensor in model.graph.initializer:
        tensor.name = rename(tensor.name)
    for node in model.graph.node:
        node.name = node.name if weights.intersection(node.input) else ""
        node.doc_string = ""
        node.input[:], node.output[:] = map(rename, node.input), map(rename, node.output)
        if any(attribute.type == onnx.AttributeProto.GRAPH for attribute in node.attribute):
            raise ValueError(f"{path}: a node with a graph inside would need renaming there too")
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, path)


def write_fp16(path: Path) -> None:
    """The same graph with float16 weights, inputs and outputs beside it; it computes in float32, as ORT's CPU kernels do anyway."""
    model = onnx.load(path)
    graph, half, single = model.graph, onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    casts, tail = [], []
    for i, tensor in enumerate(graph.initializer):
        if tensor.data_type == single:
            name, values = tensor.name, onnx.numpy_helper.to_array(tensor)
            graph.initializer[i].CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), name + "_half"))
            casts.append(onnx.helper.make_node("Cast", [name + "_half"], [name], to=single))
    inputs = {value.name for value in graph.input if value.type.tensor_type.elem_type == single}
    outputs = {value.name for value in graph.output if value.type.tensor_type.elem_type == single}
    for node in graph.node:
        node.input[:] = [name + "_single" if name in inputs | outputs else name for name in node.input]
        node.output[:] = [name + "_single" if name in outputs else name for name in node.output]
    casts += [onnx.helper.make_node("Cast", [name], [name + "_single"], to=single) for name in sorted(inputs)]
    tail += [onnx.helper.make_node("Cast", [name + "_single"], [name], to=half) for name in sorted(outputs)]
    for value in [*graph.input, *graph.output]:
        if value.name in inputs | outputs:
            value.type.tensor_type.elem_type = half
    nodes = [*casts, *graph.node, *tail]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path.with_name("model_fp16.onnx"))


def export_text_encoder(path: Path, model) -> None:
    layers = model.config.num_hidden_layers + 1
    projected = isinstance(model, CLIPTextModelWithProjection)

    def forward(input_ids):
        out = model(input_ids, output_hidden_states=True)
        return (out.text_embeds if projected else out.pooler_output, out.last_hidden_state, *out.hidden_states)

    names = ["text_embeds" if projected else "pooler_output", "last_hidden_state", *(f"hidden_states.{i}" for i in range(layers))]
    ids = torch.zeros((2, 77), dtype=torch.int32 if projected else torch.int64)
    ids[:, -1] = model.config.eos_token_id
    batch = {0: "batch_size"}
    export(path, model, forward, {"input_ids": ids}, names, {"input_ids": {**batch, 1: "sequence_length"}} | {name: batch for name in names})
    write_json(path.parent / "config.json", model.config.to_dict())


def export_unet(path: Path, model: UNet2DConditionModel, timestep: torch.Tensor, pooled: bool, edit=lambda graph: None) -> None:
    image = {0: "batch_size", 2: "height", 3: "width"}
    inputs = {
        "sample": torch.randn(2, model.config.in_channels, 8, 8),
        "timestep": timestep,
        "encoder_hidden_states": torch.randn(2, 77, model.config.cross_attention_dim),
    }
    dynamic = {"sample": image, "out_sample": image, "encoder_hidden_states": {0: "batch_size", 1: "sequence_length"}}
    if timestep.ndim == 1 and timestep.shape[0] == 2:
        dynamic["timestep"] = {0: "batch_size"}
    if pooled:
        inputs |= {"text_embeds": torch.randn(2, 16), "time_ids": torch.randn(2, 6)}
        dynamic |= {"text_embeds": {0: "batch_size"}, "time_ids": {0: "batch_size"}}
    if model.config.time_cond_proj_dim is not None:
        inputs["timestep_cond"] = torch.randn(2, model.config.time_cond_proj_dim)
        dynamic["timestep_cond"] = {0: "batch_size"}

    def forward(sample, timestep, hidden, *rest):
        extra = dict(zip(list(inputs)[3:], rest))
        condition = extra.pop("timestep_cond", None)
        return model(sample, timestep, hidden, timestep_cond=condition, added_cond_kwargs=extra or None, return_dict=False)[0]

    export(path, model, forward, inputs, ["out_sample"], dynamic, edit)
    write_json(path.parent / "config.json", dict(model.config))


def export_vae(folder: Path, model: AutoencoderKL) -> None:
    image = {0: "batch_size", 2: "height", 3: "width"}
    export(
        folder / "vae_decoder/model.onnx",
        model,
        lambda z: model.decode(z, return_dict=False)[0],
        {"latent_sample": torch.randn(1, 4, 8, 8)},
        ["sample"],
        {"latent_sample": image, "sample": image},
    )
    export(
        folder / "vae_encoder/model.onnx",
        model,
        lambda x: model.encode(x, return_dict=False)[0].parameters,
        {"sample": torch.randn(1, 3, 64, 64)},
        ["latent_parameters"],
        {"sample": image, "latent_parameters": image},
    )
    for part in ("vae_decoder", "vae_encoder"):
        write_json(folder / part / "config.json", dict(model.config))
