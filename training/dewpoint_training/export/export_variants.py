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
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto

from ..judge.evaluate import seed_of
from ..judge.judge import PROMPTS, SCORED
from ..model.pipelines import OnnxPipeline
from .attention import attention_outputs, check_attention
from .precisions import NOT_QUANTISED, to_fp16, to_int8, widened

# Median and worst PSNR (dB) of pictures against the original's on the same seeds. float16 should be invisible; int8 must stay above what the browser
# engine promises of rounded weights (test/e2e/device-parity.test.ts).
LIMITS = {"fp16": (35.0, 25.0), "int8": (32.0, 30.0)}


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


class Compared:
    """What a variant's pictures are held to: the original's, of the same prompts and seeds."""

    def __init__(self, folder: Path, prompts: list[str], steps: int, threads: int):
        original = OnnxPipeline(folder, threads=threads)
        self.folder, self.prompts, self.threads = folder, prompts, threads
        self.steps = 4 if original.few_step else steps
        self.pictures = draw(original, prompts, self.steps)

    def measure(self, components: list[str], dtype: str) -> dict:
        """The PSNR of pictures drawn with these components in another precision, and whether it is within LIMITS."""
        db = psnr(draw(OnnxPipeline(self.folder, dict.fromkeys(components, dtype), self.threads), self.prompts, self.steps), self.pictures)
        median_limit, worst_limit = LIMITS[dtype]
        return {
            "median dB": round(float(np.median(db)), 1),
            "worst dB": round(float(db.min()), 1),
            "limits dB": LIMITS[dtype],
            "pictures": len(db),
            "MB": round(sum((self.folder / name / f"model_{dtype}.onnx").stat().st_size for name in components) / 1e6, 1),
            "kept": bool(np.median(db) >= median_limit and db.min() >= worst_limit),
        }


def asked_of(folder: Path, prompts: list[str], threads: int) -> dict[str, list[dict]]:
    """Per component what it is asked while pictures are drawn, at every number of steps it is meant for."""
    recorder = Recorder(folder, threads=threads)
    for steps in (1, 2, 4, 8) if recorder.few_step else (12,):
        draw(recorder, prompts, steps)
    return recorder.feeds


def write_precision(dtype: str, components: list[str], compared: Compared, calibration: list[str]) -> dict[str, dict]:
    """model_<dtype>.onnx of every component whose pictures stay close, alone and together. @returns what was measured of each"""
    folder = compared.folder
    feeds = asked_of(folder, calibration, compared.threads) if dtype == "int8" else {}
    for component in components:
        model = widened(folder / component / "model.onnx")
        model = to_fp16(model) if dtype == "fp16" else to_int8(model, component, feeds[component])
        if dtype == "fp16":
            point_into(model, folder / component / "model.onnx", "model.onnx")
        onnx.save(model, folder / component / f"model_{dtype}.onnx")
    report = {}
    for name, of in {**{c: [c] for c in components}, **({"both": components} if len(components) > 1 else {})}.items():
        r = report[f"{name} {dtype}"] = compared.measure(of, dtype)
        median_limit, worst_limit = LIMITS[dtype]
        print(
            f"{name} {dtype}: {r['MB']:.1f} MB, PSNR median {r['median dB']:.1f}, worst {r['worst dB']:.1f} dB against float32; "
            f"limits {median_limit:.0f} and {worst_limit:.0f}: {'kept' if r['kept'] else 'refused'}",
            flush=True,
        )
    for component in components:
        if not all(report[key]["kept"] for key in (f"{component} {dtype}", f"both {dtype}") if key in report):
            (folder / component / f"model_{dtype}.onnx").unlink()
    return report


def write_attention(folder: Path) -> dict:
    """@raises SystemExit where the graph with maps is not the same U-Net; then it is not there."""
    path = folder / "unet" / "model_attention.onnx"
    model = attention_outputs(onnx.load(folder / "unet" / "model.onnx"))
    point_into(model, folder / "unet" / "model.onnx", "model.onnx")
    onnx.save(model, path)
    same, sums = check_attention(folder, path)
    maps, size = len(model.graph.output) - 1, path.stat().st_size
    print(
        f"unet attention: {maps} maps, {size / 1e3:.0f} kB beside model.onnx, "
        f"latents {'the same' if same else 'DIFFERENT'}, sums over tokens within {sums:.1e} of 1"
    )
    if not same or sums > 1e-4:
        path.unlink()
        raise SystemExit("the attention graph disagrees with the U-Net; it was not written")
    return {"outputs": maps, "MB": round(size / 1e6, 2), "same latents": same, "largest error of a sum over tokens": sums}


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
    texts = [row["prompt"] for row in map(json.loads, PROMPTS.read_text().splitlines()) if row["category"] in SCORED]
    texts = texts[:: max(1, len(texts) // (args.prompts + args.calibrate))]
    calibration = texts[args.prompts : args.prompts + args.calibrate]
    report: dict[str, dict] = {}
    if precisions := [dtype for dtype in LIMITS if dtype in wanted]:
        compared = Compared(folder, texts[: args.prompts], args.steps, args.threads)
        for dtype in precisions:
            report |= write_precision(dtype, args.component or list(NOT_QUANTISED), compared, calibration)
    if "attention" in wanted:
        report["unet attention"] = write_attention(folder)
    if args.default:
        (folder / "unet" / f"model_{args.default}.onnx").replace(folder / "unet" / "model.onnx")
        (folder / "unet" / "model_attention.onnx").unlink(missing_ok=True)  # it pointed into the old one
        print(f"unet/model.onnx is the {args.default} graph now")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
