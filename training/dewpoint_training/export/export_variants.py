"""Other precisions of an exported model, and its cross-attention: each written only if its pictures stay close to the original's on the same seeds.

`fp16`: computes in float16, for WebGPU. `int8`: convolutions and products with weights on u8 activations and s8 weights (QLinearConv and QLinearMatMul
on a CPU or in wasm; s8 activations are over ten times slower there), the rest in float32. Both are graphs of the U-Net and the decoder; the text
encoder is stored as int8 already and runs once a picture. What is timestep or position is never rounded: 999 in float16 is a neighbour of 999.5.

`--default int8` makes that graph unet/model.onnx itself: what runs on a CPU where nothing is chosen. For folders that would else be too large for git.

`attention`: the U-Net again with `cross_attention.<layer>` outputs (docs/diffusion.md).

Weights of both but int8's are the bytes inside unet/model.onnx, by offset: a precision or a second output costs a megabyte, not another copy.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from ..judge.evaluate import seed_of
from ..judge.judge import PROMPTS, SCORED
from ..model.pipelines import OnnxPipeline
from .compact import MIN_COMPACT, int8_rows

# Median and worst PSNR (dB) of pictures against the original's on the same seeds. float16 should be invisible; int8 must stay above what the browser
# engine promises of rounded weights (test/e2e/device-parity.test.ts).
LIMITS = {"fp16": (35.0, 25.0), "int8": (32.0, 30.0)}
# Kept in float32 in the int8 graphs: first and last convolutions, what tells the time, and what places the words' appearances.
NOT_QUANTISED = {"unet": ("conv_in", "conv_out", "time", "pooled", "place_", "paint", "looks", "tell"), "vae_decoder": ("decoder.0.", "decoder.15.")}


# --- graphs ---------------------------------------------------------------------------------------------------------------------------------
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


def to_fp16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Float32 inputs and outputs stay, so that the callers need not know."""
    from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

    for i, node in enumerate(model.graph.node):
        node.name = node.name or f"node_{i}"
    half = convert_float_to_float16(model, keep_io_types=True, op_block_list=DEFAULT_OP_BLOCK_LIST, node_block_list=time_nodes(model.graph))
    compact(half.graph)
    return without_shapes(half)


class Records:
    """Calibration data: what the component was really asked while pictures were drawn."""

    def __init__(self, feeds: list[dict]):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


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


def point_into(model: onnx.ModelProto, path: Path, beside: str) -> None:
    """Replaces weights by references to the same bytes inside another file of the folder."""
    whole = path.read_bytes()
    for tensor in model.graph.initializer:
        raw = tensor.raw_data
        if len(raw) < 4096 or (at := whole.find(raw)) < 0:
            continue
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        del tensor.external_data[:]
        for key, value in (("location", beside), ("offset", at), ("length", len(raw))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, str(value)


# --- pictures -------------------------------------------------------------------------------------------------------------------------------
class Recorder(OnnxPipeline):
    """Notes every `every`-th call of each component."""

    def __init__(self, *args, every: int = 3, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls, self.feeds, self.every = dict.fromkeys(self.sessions, 0), {name: [] for name in self.sessions}, every

    def run(self, name: str, *values: np.ndarray):
        if self.calls[name] % (self.every if name == "unet" else 1) == 0:
            wanted = {"tensor(float)": np.float32, "tensor(int64)": np.int64}
            self.feeds[name].append({i.name: v.astype(wanted[i.type]) for i, v in zip(self.sessions[name].get_inputs(), values)})
        self.calls[name] += 1
        return super().run(name, *values)


def psnr(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """dB per picture of uint8 [n, h, w, 3]; 99 where they are the same."""
    error = np.square(a.astype(np.float32) - b).mean((1, 2, 3))
    return np.where(error == 0, 99.0, 10 * np.log10(255**2 / np.maximum(error, 1e-9)))


def draw(pipeline: OnnxPipeline, prompts: list[str], steps: int) -> np.ndarray:
    return pipeline.draw(prompts, [seed_of(p) for p in prompts], steps, pipeline.guidance)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="exported folder")
    parser.add_argument("--only", action="append", choices=("fp16", "int8", "attention"), help="repeat for several; all unless given")
    parser.add_argument("--component", action="append", choices=tuple(NOT_QUANTISED), help="repeat for several; both unless given")
    parser.add_argument("--default", choices=("int8",), help="put the U-Net of this precision in the place of unet/model.onnx, once it is kept")
    parser.add_argument("--prompts", type=int, default=12, help="pictures compared")
    parser.add_argument("--calibrate", type=int, default=8, help="other pictures the int8 ranges come from")
    parser.add_argument("--steps", type=int, default=25, help="4 where the model is a few-step one")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON of what was measured")
    args = parser.parse_args(argv)
    folder, wanted = args.model, args.only or ["fp16", "int8", "attention"]
    components = args.component or list(NOT_QUANTISED)
    texts = [row["prompt"] for row in map(json.loads, PROMPTS.read_text().splitlines()) if row["category"] in SCORED]
    texts = texts[:: max(1, len(texts) // (args.prompts + args.calibrate))]
    compared, calibration = texts[: args.prompts], texts[args.prompts : args.prompts + args.calibrate]
    original = OnnxPipeline(folder, threads=args.threads)
    steps = 4 if original.few_step else args.steps
    pictures = draw(original, compared, steps)
    report: dict[str, dict] = {}

    for dtype in (d for d in ("fp16", "int8") if d in wanted):
        feeds = {}
        if dtype == "int8":
            recorder = Recorder(folder, threads=args.threads)
            for n in (1, 2, 4, 8) if recorder.few_step else (12,):
                draw(recorder, calibration, n)
            feeds = recorder.feeds
        for component in components:
            model = widened(folder / component / "model.onnx")
            model = to_fp16(model) if dtype == "fp16" else to_int8(model, component, feeds[component])
            if dtype == "fp16":
                point_into(model, folder / component / "model.onnx", "model.onnx")
            onnx.save(model, folder / component / f"model_{dtype}.onnx")
        median_limit, worst_limit = LIMITS[dtype]
        for component in (*components, *(["both"] if len(components) > 1 else [])):
            dtypes = {name: dtype for name in components if component in (name, "both")}
            db = psnr(draw(OnnxPipeline(folder, dtypes, args.threads), compared, steps), pictures)
            kept = bool(np.median(db) >= median_limit and db.min() >= worst_limit)
            size = sum((folder / name / f"model_{dtype}.onnx").stat().st_size for name in dtypes) / 1e6
            report[f"{component} {dtype}"] = {
                "median dB": round(float(np.median(db)), 1),
                "worst dB": round(float(db.min()), 1),
                "limits dB": LIMITS[dtype],
                "pictures": len(db),
                "MB": round(size, 1),
                "kept": kept,
            }
            print(
                f"{component} {dtype}: {size:.1f} MB, PSNR median {np.median(db):.1f}, worst {db.min():.1f} dB against float32; "
                f"limits {median_limit:.0f} and {worst_limit:.0f}: {'kept' if kept else 'refused'}",
                flush=True,
            )
        for component in components:
            if not all(report[key]["kept"] for key in (f"{component} {dtype}", f"both {dtype}") if key in report):
                (folder / component / f"model_{dtype}.onnx").unlink()

    if "attention" in wanted:
        path = folder / "unet" / "model_attention.onnx"
        model = attention_outputs(onnx.load(folder / "unet" / "model.onnx"))
        point_into(model, folder / "unet" / "model.onnx", "model.onnx")
        onnx.save(model, path)
        same, sums = check_attention(folder, path)
        report["unet attention"] = {
            "outputs": len(model.graph.output) - 1,
            "MB": round(path.stat().st_size / 1e6, 2),
            "same latents": same,
            "largest error of a sum over tokens": sums,
        }
        print(
            f"unet attention: {len(model.graph.output) - 1} maps, {path.stat().st_size / 1e3:.0f} kB beside model.onnx, "
            f"latents {'the same' if same else 'DIFFERENT'}, sums over tokens within {sums:.1e} of 1"
        )
        if not same or sums > 1e-4:
            path.unlink()
            raise SystemExit("the attention graph disagrees with the U-Net; it was not written")
    if args.default:
        (folder / "unet" / f"model_{args.default}.onnx").replace(folder / "unet" / "model.onnx")
        (folder / "unet" / "model_attention.onnx").unlink(missing_ok=True)  # it pointed into the old one
        print(f"unet/model.onnx is the {args.default} graph now")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(report, indent=1) + "\n")


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


if __name__ == "__main__":
    main()
