"""Tiny but architecturally real Stable Diffusion models: seeded weights, exported to ONNX, with diffusers' own results.

Writes test/golden/models/<name>/ (diffusers ONNX layout, as optimum names inputs and outputs) and
test/golden/pipelines/<name>.json (what diffusers makes of them). `sd1-attention` and `preview-decoder` are single components that
stand beside sd1's. Run: python training/export_tiny_models.py [name...]

The noise is Philox as torch's CUDA generator lays it out, drawn in the order diffusers draws from its generator, so that a
golden needs no GPU and holds for the core's noise. Weights are random: the pictures mean nothing, the arithmetic everything.
"""
import base64
import json
import math
import shutil
import sys
import warnings
from pathlib import Path

import diffusers
import numpy as np
import onnx
import torch
import transformers
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    UNet2DConditionModel,
    UniPCMultistepScheduler,
)
from diffusers.models.attention_processor import AttnProcessor
from golden.noise import philox_randn
from PIL import Image
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
GOLDEN = Path(__file__).resolve().parent.parent / "test" / "golden"
PROMPT = "a panda eating tacos at the beach"
NEGATIVE = "blurry, low quality"


# Noise ----------------------------------------------------------------------------------------------------------------


class PhiloxStream:
    """Stands in for diffusers' randn_tensor: the next draw of one image's noise."""

    def __init__(self, seed: int):
        self.seed, self.position = seed, 0

    def __call__(self, shape, generator=None, device=None, dtype=None, layout=None):
        values = philox_randn(self.seed, self.position, math.prod(shape))
        self.position += 1
        return torch.from_numpy(values).reshape(tuple(shape)).to(dtype or torch.float32)


def use_noise(stream: PhiloxStream) -> None:
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("diffusers.") and hasattr(module, "randn_tensor"):
            module.randn_tensor = stream


# Models ---------------------------------------------------------------------------------------------------------------


def tokenizer(folder: Path, pad: str | None = None) -> CLIPTokenizer:
    """CLIP's byte-level BPE with a handful of merges: every byte is a token, so any text is."""
    alphabet = list(bytes_to_unicode().values())
    merges = [("p", "a"), ("n", "d"), ("pa", "nd"), ("pand", "a</w>"), ("t", "h"), ("th", "e</w>"), ("i", "n"), ("in", "g</w>"),
              ("e", "a"), ("ea", "t"), ("eat", "ing</w>"), ("t", "a"), ("a", "t</w>"), ("b", "l"), ("bl", "u")]
    words = alphabet + [c + "</w>" for c in alphabet] + ["".join(pair) for pair in merges]
    vocab = {token: i for i, token in enumerate(dict.fromkeys(words))}
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocab[special] = len(vocab)
    made = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77, **({"pad_token": pad} if pad else {}))
    made.save_pretrained(folder)
    return made


def bytes_to_unicode() -> dict[int, str]:
    """GPT-2's map from bytes to printable characters."""
    kept = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    rest = [byte for byte in range(256) if byte not in kept]
    return {byte: chr(byte) for byte in kept} | {byte: chr(256 + i) for i, byte in enumerate(rest)}


def text_encoder(tok: CLIPTokenizer, seed: int, projection: bool = False, act: str = "quick_gelu"):
    torch.manual_seed(seed)
    config = CLIPTextConfig(
        vocab_size=len(tok), hidden_size=16, intermediate_size=32, num_hidden_layers=3, num_attention_heads=2, projection_dim=16,
        max_position_embeddings=77, hidden_act=act, bos_token_id=tok.bos_token_id, eos_token_id=tok.eos_token_id,
    )
    return sharpen((CLIPTextModelWithProjection if projection else CLIPTextModel)(config).eval())


def unet(seed: int, **overrides) -> UNet2DConditionModel:
    torch.manual_seed(seed)
    config = dict(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(8, 16), norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16, attention_head_dim=2,
    )
    return sharpen(UNet2DConditionModel(**(config | overrides)).eval())


def vae(seed: int) -> AutoencoderKL:
    torch.manual_seed(seed)
    return sharpen(
        AutoencoderKL(
            in_channels=3, out_channels=3, latent_channels=4, layers_per_block=1, block_out_channels=(4, 4, 8, 8), norm_num_groups=4,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, sample_size=64,
            scaling_factor=0.18215,
        ).eval()
    )


def sharpen(model: torch.nn.Module) -> torch.nn.Module:
    """Fresh weights of real initialisations barely react to their inputs; larger ones make every mistake show."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1 and "embed" not in name:
                parameter.mul_(1.5)
    return model


# Export ---------------------------------------------------------------------------------------------------------------


class Graph(torch.nn.Module):
    def __init__(self, model: torch.nn.Module, forward):
        super().__init__()
        self.model, self.function = model, forward

    def forward(self, *inputs):
        return self.function(*inputs)


def export(path: Path, model: torch.nn.Module, forward, inputs: dict[str, torch.Tensor], outputs: list[str], dynamic: dict[str, dict[int, str]],
           edit=lambda graph: None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        Graph(model, forward), tuple(inputs.values()), str(path), input_names=list(inputs), output_names=outputs,
        dynamic_axes=dynamic, opset_version=17, dynamo=False,
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
    export(folder / "vae_decoder/model.onnx", model, lambda z: model.decode(z, return_dict=False)[0], {"latent_sample": torch.randn(1, 4, 8, 8)},
           ["sample"], {"latent_sample": image, "sample": image})
    export(folder / "vae_encoder/model.onnx", model, lambda x: model.encode(x, return_dict=False)[0].parameters, {"sample": torch.randn(1, 3, 64, 64)},
           ["latent_parameters"], {"sample": image, "latent_parameters": image})
    for part in ("vae_decoder", "vae_encoder"):
        write_json(folder / part / "config.json", dict(model.config))


def write_json(path: Path, value) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Private keys are bookkeeping, some of it in the order of a set.
    public = {key: inner for key, inner in value.items() if not key.startswith("_") or key == "_class_name"}
    path.write_text(json.dumps(public, indent=1, default=str) + "\n")


# Cases ----------------------------------------------------------------------------------------------------------------

SCHEDULERS = {"ddim": DDIMScheduler, "euler": EulerDiscreteScheduler, "euler-a": EulerAncestralDiscreteScheduler,
              "dpmpp-2m": DPMSolverMultistepScheduler, "unipc": UniPCMultistepScheduler, "lcm": LCMScheduler}


def pictures(width: int, height: int) -> tuple[Image.Image, Image.Image]:
    """A colour ramp with a disc, and a mask over part of it on the latent grid's own lines."""
    y, x = np.mgrid[0:height, 0:width]
    disc = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 3) ** 2
    rgb = np.stack([x * 255 // width, y * 255 // height, np.where(disc, 220, 40)], -1).astype(np.uint8)
    mask = np.where((x >= 16) & (x < 48) & (y >= 24), 255, 0).astype(np.uint8)
    return Image.fromarray(rgb), Image.fromarray(mask)


def run_case(make_pipeline, config: dict, case: dict) -> dict:
    """One call of a diffusers pipeline. `case` is in the recipe's words; the result adds latents and pixels."""
    recipe = {"prompt": PROMPT, "negativePrompt": NEGATIVE, "seed": 7, "width": 64, "height": 64, "steps": 5, "sampler": "ddim",
              "schedule": "automatic", "guidanceScale": 7.5} | case["recipe"]
    kind = case.get("kind", "text")
    pipe = make_pipeline(kind)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = SCHEDULERS[recipe["sampler"]].from_config(config | case.get("scheduler", {}))
    arguments = dict(prompt=recipe["prompt"], num_inference_steps=recipe["steps"], guidance_scale=recipe["guidanceScale"])
    if "lcm" != recipe["sampler"]:
        arguments["negative_prompt"] = recipe["negativePrompt"] or None
    if "guidanceRescale" in recipe:
        arguments["guidance_rescale"] = recipe["guidanceRescale"]
    picture, mask = pictures(recipe["width"], recipe["height"])
    if kind != "text":
        arguments |= dict(image=picture, strength=case["strength"])
    if kind == "inpaint":
        arguments |= dict(mask_image=mask)
    if kind != "image":
        arguments |= dict(width=recipe["width"], height=recipe["height"])
    results = []
    for output_type in ("latent", "np"):
        use_noise(PhiloxStream(recipe["seed"]))
        with torch.no_grad():
            results.append(pipe(**arguments, output_type=output_type).images[0])
    pixels = np.asarray(results[1])
    pixels = (pixels * 255).round().astype(np.uint8)
    result = {"name": case["name"], "kind": kind, "recipe": recipe, "latents": floats(results[0].numpy()), "rgb": data(pixels)}
    return result if kind == "text" else result | {"strength": case["strength"]}


def data(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def floats(values: np.ndarray) -> str:
    return data(values.astype("<f4"))


def write_goldens(name: str, config: dict, make_pipeline, cases: list[dict]) -> None:
    write_json(GOLDEN / "pipelines" / f"{name}.json", {
        "model": name,
        "versions": {"diffusers": diffusers.__version__, "torch": torch.__version__, "transformers": transformers.__version__},
        "schedulerConfig": config,
        "input": data(np.asarray(pictures(64, 64)[0])),
        "mask": data(np.asarray(pictures(64, 64)[1])),
        "cases": [run_case(make_pipeline, config, case) for case in cases],
    })


def layout(name: str, index: dict, scheduler_config: dict) -> Path:
    folder = GOLDEN / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    write_json(folder / "model_index.json", index)
    write_json(folder / "scheduler/scheduler_config.json", scheduler_config)
    return folder


STABLE_DIFFUSION = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": False,
                    "set_alpha_to_one": False, "steps_offset": 1, "num_train_timesteps": 1000}


def simple_pipeline(parts: dict):
    classes = {"text": diffusers.StableDiffusionPipeline, "image": diffusers.StableDiffusionImg2ImgPipeline,
               "inpaint": diffusers.StableDiffusionInpaintPipeline}
    # A pipeline wants a scheduler when it is made; each case puts its own.
    return lambda kind: classes[kind](**parts, scheduler=DDIMScheduler.from_config(STABLE_DIFFUSION), safety_checker=None,
                                      feature_extractor=None, requires_safety_checker=False)


def make_sd1() -> None:
    """Stable Diffusion 1.x: epsilon, one CLIP text encoder, leading spacing by PNDM's default."""
    config = STABLE_DIFFUSION | {"_class_name": "PNDMScheduler", "skip_prk_steps": True, "prediction_type": "epsilon"}
    folder = layout("sd1", {"_class_name": "OnnxStableDiffusionPipeline"}, config)
    tok = tokenizer(folder / "tokenizer")
    parts = dict(vae=vae(1), text_encoder=text_encoder(tok, 2), tokenizer=tok, unet=unet(3))
    export_text_encoder(folder / "text_encoder/model.onnx", parts["text_encoder"])
    export_unet(folder / "unet/model.onnx", parts["unet"], torch.tensor([1, 500]), pooled=False)
    export_vae(folder, parts["vae"])
    for graph in folder.rglob("model.onnx"):
        write_fp16(graph)
    write_goldens("sd1", config | {"timestep_spacing": "leading"}, simple_pipeline(parts), [
        {"name": "text to image", "recipe": {}},
        {"name": "without guidance", "recipe": {"guidanceScale": 1}},
        {"name": "an empty negative prompt", "recipe": {"negativePrompt": ""}},
        {"name": "a wide picture", "recipe": {"width": 96, "height": 64}},
        {"name": "Euler", "recipe": {"sampler": "euler"}},
        {"name": "Euler a", "recipe": {"sampler": "euler-a"}},
        {"name": "DPM++ 2M", "recipe": {"sampler": "dpmpp-2m", "steps": 20}},
        {"name": "UniPC", "recipe": {"sampler": "unipc", "steps": 20}},
        {"name": "image to image", "kind": "image", "strength": 0.6, "recipe": {}},
        {"name": "image to image, Euler", "kind": "image", "strength": 0.75, "recipe": {"sampler": "euler", "steps": 8}},
        {"name": "inpainting by blending", "kind": "inpaint", "strength": 0.8, "recipe": {}},
        {"name": "inpainting by blending from noise", "kind": "inpaint", "strength": 1.0, "recipe": {}},
    ])
    write_tiles(parts["vae"])


def write_tiles(model: AutoencoderKL) -> None:
    """diffusers in tiles of 64 px: latents [4, 12, 20] decoded, a picture [3, 96, 160] encoded; every n-th value."""
    model.enable_tiling()
    model.tile_sample_min_size, model.tile_latent_min_size = 64, 8
    latents = torch.from_numpy(philox_randn(5, 0, 4 * 12 * 20)).reshape(1, 4, 12, 20)
    picture = torch.from_numpy(philox_randn(6, 0, 3 * 96 * 160)).reshape(1, 3, 96, 160).clamp(-1, 1)
    with torch.no_grad():
        decoded = model.decode(latents, return_dict=False)[0].flatten()
        encoded = model.encode(picture, return_dict=False)[0].parameters.flatten()
    write_json(GOLDEN / "pipelines/tiles.json", {"decoded": {"seed": 5, "stride": 13, "values": floats(decoded[::13].numpy())},
                                                 "encoded": {"seed": 6, "stride": 1, "values": floats(encoded.numpy())}})


def make_sd2() -> None:
    """Stable Diffusion 2.x: v-prediction, OpenCLIP (gelu, padded with "!"), zero terminal SNR."""
    config = STABLE_DIFFUSION | {"_class_name": "DDIMScheduler", "prediction_type": "v_prediction", "rescale_betas_zero_snr": True,
                                 "timestep_spacing": "trailing"}
    folder = layout("sd2", {"_class_name": "OnnxStableDiffusionPipeline"}, config)
    tok = tokenizer(folder / "tokenizer", pad="!")
    parts = dict(vae=vae(11), text_encoder=text_encoder(tok, 12, act="gelu"), tokenizer=tok, unet=unet(13, use_linear_projection=True))
    export_text_encoder(folder / "text_encoder/model.onnx", parts["text_encoder"])
    export_unet(folder / "unet/model.onnx", parts["unet"], torch.tensor(500), pooled=False)
    export_vae(folder, parts["vae"])
    write_goldens("sd2", config, simple_pipeline(parts), [
        {"name": "text to image", "recipe": {}},
        {"name": "guidance rescale", "recipe": {"guidanceRescale": 0.7}},
        # Step counts that divide 1000: at others diffusers' DDIM steps to a timestep one off the one it visits next.
        {"name": "image to image", "kind": "image", "strength": 0.5, "recipe": {"steps": 8}},
    ])


def make_sdxl() -> None:
    """SDXL: two text encoders, pooled embedding, size conditioning; an empty negative prompt is zeros."""
    config = STABLE_DIFFUSION | {"_class_name": "EulerDiscreteScheduler", "prediction_type": "epsilon", "timestep_spacing": "leading"}
    folder = layout("sdxl", {"_class_name": "ORTStableDiffusionXLPipeline", "text_encoder_2": ["onnx", "OnnxRuntimeModel"],
                             "force_zeros_for_empty_prompt": True}, config)
    tok, tok2 = tokenizer(folder / "tokenizer"), tokenizer(folder / "tokenizer_2", pad="!")
    parts = dict(vae=vae(21), text_encoder=text_encoder(tok, 22), text_encoder_2=text_encoder(tok2, 23, projection=True, act="gelu"),
                 tokenizer=tok, tokenizer_2=tok2,
                 unet=unet(24, cross_attention_dim=32, addition_embed_type="text_time", addition_time_embed_dim=4,
                           projection_class_embeddings_input_dim=6 * 4 + 16, use_linear_projection=True))
    export_text_encoder(folder / "text_encoder/model.onnx", parts["text_encoder"])
    export_text_encoder(folder / "text_encoder_2/model.onnx", parts["text_encoder_2"])
    export_unet(folder / "unet/model.onnx", parts["unet"], torch.tensor([500.0]), pooled=True)
    export_vae(folder, parts["vae"])
    classes = {"text": diffusers.StableDiffusionXLPipeline, "image": diffusers.StableDiffusionXLImg2ImgPipeline}
    write_goldens("sdxl", config, lambda kind: classes[kind](**parts, scheduler=EulerDiscreteScheduler.from_config(config), add_watermarker=False), [
        {"name": "text to image", "recipe": {"sampler": "euler"}},
        {"name": "an empty negative prompt", "recipe": {"sampler": "euler", "negativePrompt": ""}},
        {"name": "a wide picture", "recipe": {"width": 96, "height": 64}},
        {"name": "image to image", "kind": "image", "strength": 0.6, "recipe": {"sampler": "euler"}},
    ])


def make_inpaint() -> None:
    """An inpainting U-Net: noisy latents, mask and masked latents, nine channels."""
    config = STABLE_DIFFUSION | {"_class_name": "DDIMScheduler", "prediction_type": "epsilon", "timestep_spacing": "leading"}
    folder = layout("inpaint", {"_class_name": "OnnxStableDiffusionInpaintPipeline"}, config)
    tok = tokenizer(folder / "tokenizer")
    parts = dict(vae=vae(31), text_encoder=text_encoder(tok, 32), tokenizer=tok, unet=unet(33, in_channels=9))
    export_text_encoder(folder / "text_encoder/model.onnx", parts["text_encoder"])
    export_unet(folder / "unet/model.onnx", parts["unet"], torch.tensor([1.0, 500.0]), pooled=False)
    export_vae(folder, parts["vae"])
    write_goldens("inpaint", config, simple_pipeline(parts), [
        {"name": "inpainting", "kind": "inpaint", "strength": 0.8, "recipe": {}},
        {"name": "inpainting from noise", "kind": "inpaint", "strength": 1.0, "recipe": {}},
    ])


def make_lcm() -> None:
    """A latent consistency model: told the guidance scale through timestep_cond, four steps."""
    config = STABLE_DIFFUSION | {"_class_name": "LCMScheduler", "prediction_type": "epsilon", "original_inference_steps": 50,
                                 "timestep_spacing": "leading", "set_alpha_to_one": True, "steps_offset": 0}
    folder = layout("lcm", {"_class_name": "ORTLatentConsistencyModelPipeline"}, config)
    tok = tokenizer(folder / "tokenizer")
    parts = dict(vae=vae(41), text_encoder=text_encoder(tok, 42), tokenizer=tok, unet=unet(43, time_cond_proj_dim=16))
    export_text_encoder(folder / "text_encoder/model.onnx", parts["text_encoder"])
    export_unet(folder / "unet/model.onnx", parts["unet"], torch.tensor([1, 500]), pooled=False)
    export_vae(folder, parts["vae"])
    make = lambda kind: diffusers.LatentConsistencyModelPipeline(**parts, scheduler=LCMScheduler.from_config(config), safety_checker=None,
                                                                 feature_extractor=None, requires_safety_checker=False)
    write_goldens("lcm", config, make, [
        {"name": "text to image", "recipe": {"sampler": "lcm", "steps": 4, "guidanceScale": 8.5, "negativePrompt": ""}},
        {"name": "one step", "recipe": {"sampler": "lcm", "steps": 1, "guidanceScale": 2, "negativePrompt": ""}},
    ])


class CaptureAttention(AttnProcessor):
    """Keeps the probabilities of every attention layer it runs: [batch * heads, queries, keys]."""

    def __init__(self):
        self.captured: list[tuple[int, torch.Tensor]] = []

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, **rest):
        scores = type(attn).get_attention_scores

        def keep(query, key, mask=None):
            probabilities = scores(attn, query, key, mask)
            if encoder_hidden_states is not None:
                self.captured.append((attn.heads, probabilities))
            return probabilities

        attn.get_attention_scores = keep
        try:
            return super().__call__(attn, hidden_states, encoder_hidden_states, **rest)
        finally:
            del attn.get_attention_scores


def make_sd1_attention() -> None:
    """The SD 1 U-Net that also gives its cross-attention (the other parts are sd1's), and PyTorch's maps of the first call.

    The golden picture is wide, so that height and width cannot be mistaken for each other.
    """
    width, height = 96, 64
    folder = GOLDEN / "models/sd1-attention"
    shutil.rmtree(folder, ignore_errors=True)
    model = unet(3)
    export_unet(folder / "unet/model.onnx", model, torch.tensor([1, 500]), pooled=False, edit=output_cross_attention)

    tok = CLIPTokenizer.from_pretrained(GOLDEN / "models/sd1/tokenizer")
    pipe = simple_pipeline(dict(vae=vae(1), text_encoder=text_encoder(tok, 2), tokenizer=tok, unet=model))("text")
    pipe.set_progress_bar_config(disable=True)
    capture = CaptureAttention()
    model.set_attn_processor(capture)
    use_noise(PhiloxStream(7))
    with torch.no_grad():
        pipe(PROMPT, negative_prompt=NEGATIVE, num_inference_steps=1, guidance_scale=7.5, width=width, height=height, output_type="latent")
    latent = (height // 8, width // 8)
    layers = []
    for heads, probabilities in capture.captured:
        queries, tokens = probabilities.shape[1:]
        # [unconditional, conditional] x heads; the conditional row, averaged over its heads.
        mean = probabilities.unflatten(0, (2, heads))[1].mean(0)
        shrink = math.isqrt(latent[0] * latent[1] // queries)
        planes = mean.T.reshape(1, tokens, latent[0] // shrink, latent[1] // shrink)
        layers.append(torch.nn.functional.interpolate(planes, latent, mode="bilinear", align_corners=False)[0])
    maps = torch.stack(layers).mean(0)
    write_json(GOLDEN / "pipelines/sd1-attention.json", {
        "model": "sd1-attention",
        "versions": {"diffusers": diffusers.__version__, "torch": torch.__version__},
        "recipe": {"width": width, "height": height, "steps": 1},
        "layerCount": len(layers),
        "shape": list(maps.shape),
        "maps": floats(maps.numpy()),
    })


def make_preview_decoder() -> None:
    """A decoder of TAESD's layout beside the SD 1 model, and what it makes of the latents of sd1's Euler golden."""
    torch.manual_seed(51)
    tiny = AutoencoderTiny(encoder_block_out_channels=(4,) * 4, decoder_block_out_channels=(4,) * 4, num_encoder_blocks=(1,) * 4,
                           num_decoder_blocks=(1,) * 4).eval()
    with torch.no_grad():
        # Fresh weights would paint everything near black, where the clamp hides mistakes.
        tiny.decoder.layers[-1].weight.mul_(4)
        tiny.decoder.layers[-1].bias.fill_(0.5)
    folder = GOLDEN / "models/preview-decoder/preview_decoder"
    shutil.rmtree(folder.parent, ignore_errors=True)
    image = {0: "batch_size", 2: "height", 3: "width"}
    export(folder / "model.onnx", tiny, lambda z: tiny.decode(z, return_dict=False)[0], {"latent_sample": torch.randn(1, 4, 8, 8)},
           ["sample"], {"latent_sample": image, "sample": image})
    write_json(folder / "config.json", dict(tiny.config))
    euler = next(case for case in json.loads((GOLDEN / "pipelines/sd1.json").read_text())["cases"] if case["name"] == "Euler")
    latents = torch.from_numpy(np.frombuffer(base64.b64decode(euler["latents"]), "<f4").copy()).reshape(1, 4, 8, 8)
    with torch.no_grad():
        pixels = tiny.decode(latents / tiny.config.scaling_factor, return_dict=False)[0][0].permute(1, 2, 0).numpy()
    write_json(GOLDEN / "pipelines/preview-decoder.json", {
        "model": "preview-decoder",
        "versions": {"diffusers": diffusers.__version__, "torch": torch.__version__},
        "case": "Euler",
        "rgb": data(((pixels / 2 + 0.5).clip(0, 1) * 255).round().astype(np.uint8)),
    })


MODELS = {"sd1": make_sd1, "sd2": make_sd2, "sdxl": make_sdxl, "inpaint": make_inpaint, "lcm": make_lcm,
          "sd1-attention": make_sd1_attention, "preview-decoder": make_preview_decoder}

if __name__ == "__main__":
    for name in sys.argv[1:] or MODELS:
        MODELS[name]()
        size = sum(path.stat().st_size for path in (GOLDEN / "models" / name).rglob("*") if path.is_file())
        print(f"{name}: {size / 1e3:.0f} kB of model, {(GOLDEN / 'pipelines' / f'{name}.json').stat().st_size / 1e3:.0f} kB of goldens")
