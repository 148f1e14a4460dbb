"""Cross-attention as PyTorch computes it, and the graph that gives it."""

import math
import shutil

import diffusers
import torch
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTokenizer

from .cases import NEGATIVE, PROMPT, simple_pipeline
from .files import GOLDEN, floats, write_json
from .noise_stream import PhiloxStream, use_noise
from .onnx_export import export_unet, output_cross_attention
from .parts import text_encoder, unet, vae


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
    write_json(
        GOLDEN / "pipelines/sd1-attention.json",
        {
            "model": "sd1-attention",
            "versions": {"diffusers": diffusers.__version__, "torch": torch.__version__},
            "recipe": {"width": width, "height": height, "steps": 1},
            "layerCount": len(layers),
            "shape": list(maps.shape),
            "maps": floats(maps.numpy()),
        },
    )
