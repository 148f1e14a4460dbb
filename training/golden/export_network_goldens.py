"""Small LoRA and textual-inversion files for the tiny models of export_tiny_models.py, and what diffusers makes of them.

Writes test/golden/networks/<file>.safetensors and test/golden/pipelines/networks.json. diffusers reads each file itself
(`load_lora_weights`, `load_textual_inversion`) and fuses LoRAs into the weights, so a golden holds for names, alpha, scales and
arithmetic alike. Run after export_tiny_models.py: python training/golden/export_network_goldens.py
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import diffusers
import torch
from diffusers import EulerDiscreteScheduler
from peft import LoraConfig
from safetensors import safe_open
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[1]))
from golden.tiny.cases import STABLE_DIFFUSION, run_case, simple_pipeline
from golden.tiny.files import GOLDEN, write_json
from golden.tiny.parts import text_encoder, tokenizer, unet, vae

FOLDER = GOLDEN / "networks"
CONFIG = STABLE_DIFFUSION | {"_class_name": "PNDMScheduler", "skip_prk_steps": True, "prediction_type": "epsilon", "timestep_spacing": "leading"}
CONFIG_XL = STABLE_DIFFUSION | {"_class_name": "EulerDiscreteScheduler", "prediction_type": "epsilon", "timestep_spacing": "leading"}


def sd1_parts() -> dict:
    with tempfile.TemporaryDirectory() as folder:
        tok = tokenizer(Path(folder))
    return dict(vae=vae(1), text_encoder=text_encoder(tok, 2), tokenizer=tok, unet=unet(3))


def sdxl_parts() -> dict:
    with tempfile.TemporaryDirectory() as folder:
        tok, tok2 = tokenizer(Path(folder) / "1"), tokenizer(Path(folder) / "2", pad="!")
    return dict(
        vae=vae(21),
        text_encoder=text_encoder(tok, 22),
        text_encoder_2=text_encoder(tok2, 23, projection=True, act="gelu"),
        tokenizer=tok,
        tokenizer_2=tok2,
        unet=unet(
            24,
            cross_attention_dim=32,
            addition_embed_type="text_time",
            addition_time_embed_dim=4,
            projection_class_embeddings_input_dim=6 * 4 + 16,
            use_linear_projection=True,
        ),
    )


# LoRA files -------------------------------------------------------------------------------------------------------------


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape) * 0.4


def write_diffusers_lora(path: Path) -> None:
    """As diffusers' training scripts save one: PEFT's lora_A and lora_B, alpha in the file's metadata."""
    torch.manual_seed(61)
    pipe = simple_pipeline(sd1_parts())("text")
    pipe.unet.add_adapter(LoraConfig(r=3, lora_alpha=6, target_modules=["to_q", "to_v", "to_out.0", "proj_in"]))
    pipe.text_encoder.add_adapter(LoraConfig(r=2, lora_alpha=3, target_modules=["q_proj", "out_proj"]))
    for module in (pipe.unet, pipe.text_encoder):
        for name, parameter in module.named_parameters():
            if "lora_" in name:
                parameter.data = random(*parameter.shape)
    from peft import get_peft_model_state_dict

    with tempfile.TemporaryDirectory() as folder:
        type(pipe).save_lora_weights(
            folder,
            get_peft_model_state_dict(pipe.unet),
            get_peft_model_state_dict(pipe.text_encoder),
            unet_lora_adapter_metadata=pipe.unet.peft_config["default"].to_dict(),
            text_encoder_lora_adapter_metadata=pipe.text_encoder.peft_config["default"].to_dict(),
        )
        shutil.copy(Path(folder) / "pytorch_lora_weights.safetensors", path)


def kohya_layer(prefix: str, module: torch.nn.Module, rank: int, alpha: float) -> dict[str, torch.Tensor]:
    if isinstance(module, torch.nn.Conv2d):
        down = random(rank, module.in_channels, *module.kernel_size)
        up = random(module.out_channels, rank, 1, 1)
    else:
        down, up = random(rank, module.in_features), random(module.out_features, rank)
    return {f"{prefix}.lora_down.weight": down, f"{prefix}.lora_up.weight": up, f"{prefix}.alpha": torch.tensor(alpha)}


def write_kohya_lora(path: Path) -> None:
    """As kohya's sd-scripts save one (with convolutions: "LoCon"), in half precision."""
    torch.manual_seed(62)
    parts = sd1_parts()
    tensors = {}
    for name, module in parts["unet"].named_modules():
        if name.endswith(("attn1.to_q", "attn2.to_k", "attn2.to_out.0", "ff.net.0.proj", "ff.net.2", "proj_out", "resnets.0.conv1")):
            tensors |= kohya_layer("lora_unet_" + name.replace(".", "_"), module, 2, 1.0)
    for name, module in parts["text_encoder"].named_modules():
        if name.endswith(("k_proj", "out_proj", "fc1")):
            tensors |= kohya_layer("lora_te_text_model_" + name.removeprefix("text_model.").replace(".", "_"), module, 2, 2.0)
    save_file(
        {name: tensor.half().contiguous() for name, tensor in tensors.items()},
        path,
        {
            "ss_base_model_version": "sd_v1",
            "ss_output_name": "tiny",
            "ss_network_dim": "2",
            "ss_tag_frequency": json.dumps({"10_tiny": {"tinypanda": 12, "outdoors": 3}}),
        },
    )


def write_kohya_xl_lora(path: Path) -> None:
    """SDXL's, whose U-Net layers go by the names of the original code: input_blocks, middle_block, output_blocks."""
    torch.manual_seed(63)
    parts = sdxl_parts()
    modules = dict(parts["unet"].named_modules())
    # One residual block a level: 0 conv_in, 1 resnet, 2 downsampler, 3 resnet and attention; then two each way up.
    names = {
        "input_blocks_3_1": "down_blocks.1.attentions.0",
        "middle_block_1": "mid_block.attentions.0",
        "output_blocks_0_1": "up_blocks.0.attentions.0",
        "output_blocks_1_1": "up_blocks.0.attentions.1",
    }
    tensors = {}
    for original, ours in names.items():
        for layer in ("transformer_blocks.0.attn1.to_q", "transformer_blocks.0.attn2.to_v", "transformer_blocks.0.ff.net.0.proj", "proj_in"):
            tensors |= kohya_layer(f"lora_unet_{original}_{layer.replace('.', '_')}", modules[f"{ours}.{layer}"], 2, 1.0)
    for number, part in ((1, "text_encoder"), (2, "text_encoder_2")):
        for name, module in parts[part].named_modules():
            if name.endswith(("v_proj", "out_proj")):
                tensors |= kohya_layer(f"lora_te{number}_text_model_" + name.removeprefix("text_model.").replace(".", "_"), module, 2, 2.0)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, {"ss_base_model_version": "sdxl_base_v1-0"})


def fused(make_parts, make_pipeline, loras: list[tuple[str, float]]):
    """A maker of pipelines with the files fused in one after the other, each at its scale."""

    def make(kind: str):
        pipe = make_pipeline(make_parts())(kind)
        for file, scale in loras:
            before = weights_of(pipe)
            pipe.load_lora_weights(FOLDER, weight_name=file)
            pipe.fuse_lora(lora_scale=scale, components=[part for part in ("unet", "text_encoder", "text_encoder_2") if hasattr(pipe, part)])
            pipe.unload_lora_weights()
            changed = sum(not torch.equal(before[name], after) for name, after in weights_of(pipe).items())
            with safe_open(FOLDER / file, "pt") as tensors:
                layers = sum(key.endswith(("lora_down.weight", "lora_A.weight")) for key in tensors.keys())  # noqa: SIM118 -- no dict: only keys() can be gone through
            # diffusers passes over names it does not know with a warning; such a golden would hold for nothing.
            if changed != layers:
                raise ValueError(f"{file} has {layers} layers, diffusers changed {changed}")
        return pipe

    return make


def weights_of(pipe) -> dict[str, torch.Tensor]:
    return {
        f"{part}.{name}": parameter.detach().clone()
        for part in ("unet", "text_encoder", "text_encoder_2")
        if hasattr(pipe, part)
        for name, parameter in getattr(pipe, part).named_parameters()
    }


def xl_pipeline(parts: dict):
    return lambda kind: diffusers.StableDiffusionXLPipeline(**parts, scheduler=EulerDiscreteScheduler.from_config(CONFIG_XL), add_watermarker=False)


# Textual inversion ------------------------------------------------------------------------------------------------------


def write_embeddings() -> None:
    torch.manual_seed(64)
    # diffusers' layout: the token names the tensor; A1111's: always `emb_params`; SDXL's: one tensor an encoder.
    save_file({"<tiny-cat>": torch.randn(16)}, FOLDER / "tiny-cat.safetensors")
    save_file({"emb_params": torch.randn(3, 16)}, FOLDER / "bad-hands.safetensors")


def inverted(files: dict[str, str]):
    def make(kind: str):
        pipe = simple_pipeline(sd1_parts())(kind)
        for token, file in files.items():
            pipe.load_textual_inversion(FOLDER, weight_name=file, token=token)
        return pipe

    return make


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    write_diffusers_lora(FOLDER / "style.safetensors")
    write_kohya_lora(FOLDER / "kohya.safetensors")
    write_kohya_xl_lora(FOLDER / "kohya-xl.safetensors")
    write_embeddings()

    def case(name: str, model: str, networks: dict[str, float], maker, config: dict, recipe: dict | None = None) -> dict:
        made = run_case(maker, config, {"name": name, "recipe": recipe or {}})
        return {"model": model, "networks": networks} | made

    def lora(name: str, networks: dict[str, float]) -> dict:
        return case(name, "sd1", networks, fused(sd1_parts, simple_pipeline, [(f"{file}.safetensors", scale) for file, scale in networks.items()]), CONFIG)

    cat = {"prompt": "a <tiny-cat> eating tacos, bad-hands", "negativePrompt": "bad-hands, blurry"}
    cases = [
        lora("diffusers' format", {"style": 0.8}),
        lora("kohya's format", {"kohya": 0.5}),
        lora("two at once, one against its direction", {"style": 0.7, "kohya": -0.4}),
        case(
            "SDXL in kohya's format",
            "sdxl",
            {"kohya-xl": 0.9},
            fused(sdxl_parts, xl_pipeline, [("kohya-xl.safetensors", 0.9)]),
            CONFIG_XL,
            {"sampler": "euler"},
        ),
        case("textual inversion", "sd1", {}, inverted({"<tiny-cat>": "tiny-cat.safetensors", "bad-hands": "bad-hands.safetensors"}), CONFIG, cat),
    ]
    write_json(
        GOLDEN / "pipelines/networks.json",
        {
            "versions": {"diffusers": diffusers.__version__, "torch": torch.__version__},
            "cases": cases,
        },
    )
    for path in sorted(FOLDER.iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
