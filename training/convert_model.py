"""A Stable Diffusion model in PyTorch (a diffusers folder, or one .safetensors checkpoint) → Dewpoint's layout: ONNX graphs in float32, with fp16 and int8 beside them.

    python training/convert_model.py SOURCE OUT [--config FOLDER]

`npm run models -- convert` calls this and installs what it wrote. Each graph is held against the module it came from: the U-Net by
the latents a whole diffusers run ends with, the others by their outputs. A float32 graph that is off is an error; an fp16 or int8
one that is off is left out and said so. Weights from pickles (.bin, .ckpt) are not read: they can run code.
"""
from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import diffusers
import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

warnings.filterwarnings("ignore")

PIPELINES = {
    name: getattr(diffusers, name)
    for name in ("StableDiffusionPipeline", "StableDiffusionInpaintPipeline", "StableDiffusionXLPipeline", "StableDiffusionXLInpaintPipeline", "LatentConsistencyModelPipeline")
}
PROMPT = "a panda eating tacos at the beach"
STEPS = 4
# Largest relative error (L2 over L2). float32 differs in the order of sums only; fp16 should be invisible; int8 may move an edge, not a thing.
LIMITS = {"fp32": 1e-3, "fp16": 0.03, "int8": 0.3}
# A message of protocol buffers ends at 2 GiB; past half of that weights go into a file beside the graph, as optimum writes them.
INSIDE_MAX_BYTES = 2**30
# A side calibration pictures have: activations depend on what is drawn, hardly on how large.
CALIBRATION_SIDE_PX = 256


# Source -----------------------------------------------------------------------------------------------------------------


def load(source: Path, config: Path | None):
    options = dict(torch_dtype=torch.float32, safety_checker=None, requires_safety_checker=False)
    if source.is_file():
        if source.suffix != ".safetensors":
            sys.exit(f"{source.name}: only .safetensors checkpoints are read; a pickled one can run code")
        from diffusers.loaders.single_file_utils import infer_diffusers_model_type, load_single_file_checkpoint

        kind = infer_diffusers_model_type(load_single_file_checkpoint(str(source)))
        name = "StableDiffusionXLPipeline" if kind.startswith("xl") else "StableDiffusionPipeline"
        if kind.startswith("xl_refiner") or not kind.startswith(("v1", "v2", "xl", "inpainting")):
            sys.exit(f"{source.name} is a checkpoint of {kind}; what converts is Stable Diffusion 1.x, 2.x and SDXL")
        if name == "StableDiffusionXLPipeline":
            options = dict(torch_dtype=torch.float32)
        elif "inpainting" in kind:
            name = "StableDiffusionInpaintPipeline"
        return PIPELINES[name].from_single_file(str(source), **options, **({"config": str(config)} if config else {}))
    index = json.loads((source / "model_index.json").read_text())
    name = index.get("_class_name", "")
    if name not in PIPELINES:
        sys.exit(f"{source.name} is a {name}; what converts is {', '.join(PIPELINES)}")
    if "XL" in name:
        options = dict(torch_dtype=torch.float32)
    return PIPELINES[name].from_pretrained(source, local_files_only=True, use_safetensors=True, **options)


# Graphs -----------------------------------------------------------------------------------------------------------------


class Traced(torch.nn.Module):
    def __init__(self, model: torch.nn.Module, function):
        super().__init__()
        self.model, self.function = model, function

    def forward(self, *inputs):
        return self.function(*inputs)


def export(path: Path, model: torch.nn.Module, function, inputs: dict[str, torch.Tensor], outputs: list[str], dynamic: dict) -> None:
    """Names keep the module paths: LoRA files speak of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        loose = Path(folder) / "model.onnx"
        torch.onnx.export(Traced(model, function), tuple(inputs.values()), str(loose), input_names=list(inputs), output_names=outputs,
                          dynamic_axes=dynamic, opset_version=17, dynamo=False)
        save(onnx.load(loose), path)


def save(model: onnx.ModelProto, path: Path) -> None:
    weights = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    data = path.with_name(path.name + "_data")
    data.unlink(missing_ok=True)
    if weights <= INSIDE_MAX_BYTES:
        onnx.save(model, path)
    else:
        onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=True, location=data.name, size_threshold=1024)


IMAGE = {0: "batch_size", 2: "height", 3: "width"}
BATCH = {0: "batch_size"}


def export_text_encoder(folder: Path, model, tokenizer) -> None:
    projected = hasattr(model, "text_projection")
    layers = model.config.num_hidden_layers + 1

    def function(input_ids):
        out = model(input_ids, output_hidden_states=True)
        return (out.text_embeds if projected else out.pooler_output, out.last_hidden_state, *out.hidden_states)

    names = ["text_embeds" if projected else "pooler_output", "last_hidden_state", *(f"hidden_states.{i}" for i in range(layers))]
    ids = tokenizer([PROMPT, ""], padding="max_length", max_length=tokenizer.model_max_length, return_tensors="pt").input_ids
    export(folder / "model.onnx", model, function, {"input_ids": ids}, names, {"input_ids": {**BATCH, 1: "sequence_length"}} | {name: BATCH for name in names})
    write_config(folder, model.config.to_dict())


def unet_inputs(model, pooled_width: int | None) -> dict[str, torch.Tensor]:
    inputs = {
        "sample": torch.randn(2, model.config.in_channels, 32, 32),
        # One timestep a row, so that requests at different steps can share a call; float, since schedules fall between whole ones.
        "timestep": torch.tensor([1.0, 500.0]),
        "encoder_hidden_states": torch.randn(2, 77, model.config.cross_attention_dim),
    }
    if pooled_width is not None:
        inputs |= {"text_embeds": torch.randn(2, pooled_width), "time_ids": torch.randn(2, 6)}
    if model.config.time_cond_proj_dim is not None:
        inputs["timestep_cond"] = torch.randn(2, model.config.time_cond_proj_dim)
    return inputs


def export_unet(folder: Path, model, pooled_width: int | None) -> None:
    inputs = unet_inputs(model, pooled_width)
    dynamic = {name: BATCH for name in inputs} | {"sample": IMAGE, "out_sample": IMAGE, "encoder_hidden_states": {**BATCH, 1: "sequence_length"}}

    def function(sample, timestep, hidden, *rest):
        extra = dict(zip(list(inputs)[3:], rest))
        condition = extra.pop("timestep_cond", None)
        return model(sample, timestep, hidden, timestep_cond=condition, added_cond_kwargs=extra or None, return_dict=False)[0]

    export(folder / "model.onnx", model, function, inputs, ["out_sample"], dynamic)
    write_config(folder, dict(model.config))


def export_vae(out: Path, model) -> None:
    channels = model.config.latent_channels
    export(out / "vae_decoder/model.onnx", model, lambda z: model.decode(z, return_dict=False)[0], {"latent_sample": torch.randn(1, channels, 16, 16)},
           ["sample"], {"latent_sample": IMAGE, "sample": IMAGE})
    export(out / "vae_encoder/model.onnx", model, lambda x: model.encode(x, return_dict=False)[0].parameters, {"sample": torch.randn(1, 3, 128, 128)},
           ["latent_parameters"], {"sample": IMAGE, "latent_parameters": IMAGE})
    for part in ("vae_decoder", "vae_encoder"):
        write_config(out / part, dict(model.config))


def write_config(folder: Path, config: dict) -> None:
    public = {key: value for key, value in config.items() if not key.startswith("_") or key == "_class_name"}
    (folder / "config.json").write_text(json.dumps(public, indent=1, default=str) + "\n")


# Other precisions -------------------------------------------------------------------------------------------------------


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
        save(model, plain)
        onnx.shape_inference.infer_shapes_path(str(plain), str(typed))
        model = onnx.load(typed)
    half = convert_float_to_float16(model, keep_io_types=True, disable_shape_infer=True, op_block_list=DEFAULT_OP_BLOCK_LIST, node_block_list=time_nodes(model.graph))
    del half.graph.value_info[:]
    save(half, target)


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
        save(model, named_path)
        # Seven-bit weights: on processors without VNNI a pair of u8 x s8 products overflows 16 bits, and pictures would differ between machines.
        quantize_static(
            str(named_path), str(made), Feeds(feeds), quant_format=QuantFormat.QDQ, op_types_to_quantize=["Conv", "MatMul", "Gemm"],
            nodes_to_quantize=chosen, per_channel=True, reduce_range=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            use_external_data_format=external, extra_options={"ActivationSymmetric": False, "MatMulConstBOnly": True},
        )
        save(onnx.load(made), target)


# Held against the source ------------------------------------------------------------------------------------------------


def session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class OnnxUNet(torch.nn.Module):
    """Stands in a diffusers pipeline where the U-Net was, and remembers what it was asked."""

    def __init__(self, path: Path, source):
        super().__init__()
        self.session, self.config, self.asked = session(path), source.config, []
        self.add_embedding = getattr(source, "add_embedding", None)
        self.dtype, self.device = torch.float32, torch.device("cpu")

    def forward(self, sample, timestep, encoder_hidden_states, timestep_cond=None, added_cond_kwargs=None, **_):
        rows = sample.shape[0]
        given = {"sample": sample, "timestep": timestep.float().expand(rows) if timestep.ndim < 1 else timestep.float(),
                 "encoder_hidden_states": encoder_hidden_states, "timestep_cond": timestep_cond, **(added_cond_kwargs or {})}
        feed = {info.name: given[info.name].detach().numpy().astype(np.float32) for info in self.session.get_inputs()}
        self.asked.append(feed)
        return (torch.from_numpy(self.session.run(None, feed)[0]),)


def latents_of(pipe, unet, side: int) -> np.ndarray:
    """What a short run ends with, always from the same noise."""
    source, pipe.unet = pipe.unet, unet
    try:
        pipe.set_progress_bar_config(disable=True)
        arguments = dict(prompt=PROMPT, num_inference_steps=STEPS, width=side, height=side, output_type="latent", generator=torch.Generator().manual_seed(7))
        if "Inpaint" in type(pipe).__name__:
            from PIL import Image

            arguments |= dict(image=Image.new("RGB", (side, side), (90, 120, 60)), mask_image=Image.new("L", (side, side), 255))
        with torch.no_grad():
            return pipe(**arguments).images[0].float().numpy()
    finally:
        pipe.unet = source


def relative_error(values: np.ndarray, reference: np.ndarray) -> float:
    error = float(np.linalg.norm(values.astype(np.float64) - reference) / np.linalg.norm(reference.astype(np.float64)))
    return error if np.isfinite(error) else float("inf")


def accept(path: Path, what: str, precision: str, error: float) -> None:
    """@raises SystemExit where the float32 graph is not the source's; removes another precision that is too far off."""
    limit = LIMITS[precision]
    verdict = "ok" if error <= limit else "left out"
    print(f"{what} {precision}: relative error {error:.2g} (at most {limit:g}), {verdict}", flush=True)
    if error <= limit:
        return
    if precision == "fp32":
        sys.exit(f"The ONNX graph of the {what} does not give what the model gives; nothing was converted")
    for file in (path, path.with_name(path.name + "_data")):
        file.unlink(missing_ok=True)


def check_component(path: Path, what: str, precision: str, feed: dict[str, np.ndarray], expected: np.ndarray, output: str) -> None:
    made = session(path)
    (values,) = made.run([output], {info.name: feed[info.name] for info in made.get_inputs()})
    accept(path, what, precision, relative_error(values, expected))


# The whole --------------------------------------------------------------------------------------------------------------


def convert(source: Path, out: Path, config: Path | None = None) -> None:
    pipe = load(source, config)
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        sys.exit(f"{out} is not empty")
    side = min(CALIBRATION_SIDE_PX, pipe.unet.config.sample_size * pipe.vae_scale_factor)

    encoders = [("", pipe.text_encoder, pipe.tokenizer)]
    if getattr(pipe, "text_encoder_2", None) is not None:
        encoders.append(("_2", pipe.text_encoder_2, pipe.tokenizer_2))
    for suffix, model, tokenizer in encoders:
        name, graph = f"text_encoder{suffix}", out / f"text_encoder{suffix}/model.onnx"
        export_text_encoder(graph.parent, model, tokenizer)
        tokenizer.save_pretrained(out / f"tokenizer{suffix}")
        ids = tokenizer([PROMPT], padding="max_length", max_length=tokenizer.model_max_length, return_tensors="pt").input_ids
        with torch.no_grad():
            expected = model(ids).last_hidden_state.numpy()
        check_component(graph, name, "fp32", {"input_ids": ids.numpy()}, expected, "last_hidden_state")
        write_fp16(graph, graph.with_name("model_fp16.onnx"))
        check_component(graph.with_name("model_fp16.onnx"), name, "fp16", {"input_ids": ids.numpy()}, expected, "last_hidden_state")

    unet = out / "unet/model.onnx"
    pooled = pipe.text_encoder_2.config.projection_dim if len(encoders) == 2 else None
    export_unet(unet.parent, pipe.unet, pooled)
    reference = latents_of(pipe, pipe.unet, side)
    stand_in = OnnxUNet(unet, pipe.unet)
    accept(unet, "unet", "fp32", relative_error(latents_of(pipe, stand_in, side), reference))
    feeds, stand_in = stand_in.asked, None
    write_fp16(unet, unet.with_name("model_fp16.onnx"))
    accept(unet.with_name("model_fp16.onnx"), "unet", "fp16", relative_error(latents_of(pipe, OnnxUNet(unet.with_name("model_fp16.onnx"), pipe.unet), side), reference))
    write_int8(unet, unet.with_name("model_int8.onnx"), feeds)
    accept(unet.with_name("model_int8.onnx"), "unet", "int8", relative_error(latents_of(pipe, OnnxUNet(unet.with_name("model_int8.onnx"), pipe.unet), side), reference))

    export_vae(out, pipe.vae)
    z = torch.from_numpy(reference[None] if reference.ndim == 3 else reference) / pipe.vae.config.scaling_factor
    with torch.no_grad():
        picture = pipe.vae.decode(z, return_dict=False)[0]
        moments = pipe.vae.encode(picture.clamp(-1, 1), return_dict=False)[0].parameters
    decoder, encoder = out / "vae_decoder/model.onnx", out / "vae_encoder/model.onnx"
    check_component(decoder, "vae_decoder", "fp32", {"latent_sample": z.numpy()}, picture.numpy(), "sample")
    check_component(encoder, "vae_encoder", "fp32", {"sample": picture.clamp(-1, 1).numpy()}, moments.numpy(), "latent_parameters")
    # SDXL's decoder overflows in float16, which this finds out.
    write_fp16(decoder, decoder.with_name("model_fp16.onnx"))
    check_component(decoder.with_name("model_fp16.onnx"), "vae_decoder", "fp16", {"latent_sample": z.numpy()}, picture.numpy(), "sample")

    pipe.scheduler.save_pretrained(out / "scheduler")
    index = {"_class_name": type(pipe).__name__, "scheduler": ["diffusers", type(pipe.scheduler).__name__]}
    index |= {part.name: ["onnx", "OnnxRuntimeModel"] for part in sorted(out.iterdir()) if (part / "model.onnx").exists()}
    if hasattr(pipe.config, "force_zeros_for_empty_prompt"):
        index["force_zeros_for_empty_prompt"] = pipe.config.force_zeros_for_empty_prompt
    (out / "model_index.json").write_text(json.dumps(index, indent=1) + "\n")
    if source.is_dir():
        for name in ("README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"):
            if (source / name).exists():
                shutil.copy(source / name, out / name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--config", type=Path, help="a diffusers folder with configs and tokenizer for a checkpoint; without it diffusers asks the hub")
    arguments = parser.parse_args()
    convert(arguments.source, arguments.out, arguments.config)
