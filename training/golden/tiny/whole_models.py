"""One tiny model of each family: its folder as diffusers lays ONNX out, and its goldens."""

import diffusers
import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, LCMScheduler

from ..noise import philox_randn
from .cases import STABLE_DIFFUSION, layout, simple_pipeline, write_goldens
from .files import GOLDEN, floats, write_json
from .onnx_export import export_text_encoder, export_unet, export_vae, write_fp16
from .parts import text_encoder, tokenizer, unet, vae


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
    write_goldens(
        "sd1",
        config | {"timestep_spacing": "leading"},
        simple_pipeline(parts),
        [
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
        ],
    )
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
    write_json(
        GOLDEN / "pipelines/tiles.json",
        {"decoded": {"seed": 5, "stride": 13, "values": floats(decoded[::13].numpy())}, "encoded": {"seed": 6, "stride": 1, "values": floats(encoded.numpy())}},
    )


def make_sd2() -> None:
    """Stable Diffusion 2.x: v-prediction, OpenCLIP (gelu, padded with "!"), zero terminal SNR."""
    config = STABLE_DIFFUSION | {
        "_class_name": "DDIMScheduler",
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": True,
        "timestep_spacing": "trailing",
    }
    folder = layout("sd2", {"_class_name": "OnnxStableDiffusionPipeline"}, config)
    tok = tokenizer(folder / "tokenizer", pad="!")
    parts = dict(vae=vae(11), text_encoder=text_encoder(tok, 12, act="gelu"), tokenizer=tok, unet=unet(13, use_linear_projection=True))
    export_text_encoder(folder / "text_encoder/model.onnx", parts["text_encoder"])
    export_unet(folder / "unet/model.onnx", parts["unet"], torch.tensor(500), pooled=False)
    export_vae(folder, parts["vae"])
    write_goldens(
        "sd2",
        config,
        simple_pipeline(parts),
        [
            {"name": "text to image", "recipe": {}},
            {"name": "guidance rescale", "recipe": {"guidanceRescale": 0.7}},
            # Step counts that divide 1000: at others diffusers' DDIM steps to a timestep one off the one it visits next.
            {"name": "image to image", "kind": "image", "strength": 0.5, "recipe": {"steps": 8}},
        ],
    )


def make_sdxl() -> None:
    """SDXL: two text encoders, pooled embedding, size conditioning; an empty negative prompt is zeros."""
    config = STABLE_DIFFUSION | {"_class_name": "EulerDiscreteScheduler", "prediction_type": "epsilon", "timestep_spacing": "leading"}
    folder = layout(
        "sdxl", {"_class_name": "ORTStableDiffusionXLPipeline", "text_encoder_2": ["onnx", "OnnxRuntimeModel"], "force_zeros_for_empty_prompt": True}, config
    )
    tok, tok2 = tokenizer(folder / "tokenizer"), tokenizer(folder / "tokenizer_2", pad="!")
    parts = dict(
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
    export_text_encoder(folder / "text_encoder/model.onnx", parts["text_encoder"])
    export_text_encoder(folder / "text_encoder_2/model.onnx", parts["text_encoder_2"])
    export_unet(folder / "unet/model.onnx", parts["unet"], torch.tensor([500.0]), pooled=True)
    export_vae(folder, parts["vae"])
    classes = {"text": diffusers.StableDiffusionXLPipeline, "image": diffusers.StableDiffusionXLImg2ImgPipeline}
    write_goldens(
        "sdxl",
        config,
        lambda kind: classes[kind](**parts, scheduler=EulerDiscreteScheduler.from_config(config), add_watermarker=False),
        [
            {"name": "text to image", "recipe": {"sampler": "euler"}},
            {"name": "an empty negative prompt", "recipe": {"sampler": "euler", "negativePrompt": ""}},
            {"name": "a wide picture", "recipe": {"width": 96, "height": 64}},
            {"name": "image to image", "kind": "image", "strength": 0.6, "recipe": {"sampler": "euler"}},
        ],
    )


def make_inpaint() -> None:
    """An inpainting U-Net: noisy latents, mask and masked latents, nine channels."""
    config = STABLE_DIFFUSION | {"_class_name": "DDIMScheduler", "prediction_type": "epsilon", "timestep_spacing": "leading"}
    folder = layout("inpaint", {"_class_name": "OnnxStableDiffusionInpaintPipeline"}, config)
    tok = tokenizer(folder / "tokenizer")
    parts = dict(vae=vae(31), text_encoder=text_encoder(tok, 32), tokenizer=tok, unet=unet(33, in_channels=9))
    export_text_encoder(folder / "text_encoder/model.onnx", parts["text_encoder"])
    export_unet(folder / "unet/model.onnx", parts["unet"], torch.tensor([1.0, 500.0]), pooled=False)
    export_vae(folder, parts["vae"])
    write_goldens(
        "inpaint",
        config,
        simple_pipeline(parts),
        [
            {"name": "inpainting", "kind": "inpaint", "strength": 0.8, "recipe": {}},
            {"name": "inpainting from noise", "kind": "inpaint", "strength": 1.0, "recipe": {}},
        ],
    )


def make_lcm() -> None:
    """A latent consistency model: told the guidance scale through timestep_cond, four steps."""
    config = STABLE_DIFFUSION | {
        "_class_name": "LCMScheduler",
        "prediction_type": "epsilon",
        "original_inference_steps": 50,
        "timestep_spacing": "leading",
        "set_alpha_to_one": True,
        "steps_offset": 0,
    }
    folder = layout("lcm", {"_class_name": "ORTLatentConsistencyModelPipeline"}, config)
    tok = tokenizer(folder / "tokenizer")
    parts = dict(vae=vae(41), text_encoder=text_encoder(tok, 42), tokenizer=tok, unet=unet(43, time_cond_proj_dim=16))
    export_text_encoder(folder / "text_encoder/model.onnx", parts["text_encoder"])
    export_unet(folder / "unet/model.onnx", parts["unet"], torch.tensor([1, 500]), pooled=False)
    export_vae(folder, parts["vae"])
    make = lambda kind: diffusers.LatentConsistencyModelPipeline(
        **parts, scheduler=LCMScheduler.from_config(config), safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    write_goldens(
        "lcm",
        config,
        make,
        [
            {"name": "text to image", "recipe": {"sampler": "lcm", "steps": 4, "guidanceScale": 8.5, "negativePrompt": ""}},
            {"name": "one step", "recipe": {"sampler": "lcm", "steps": 1, "guidanceScale": 2, "negativePrompt": ""}},
        ],
    )
