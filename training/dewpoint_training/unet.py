"""The denoising U-Net: 16x16x16 latents, one halving to 8x8, self- and cross-attention, v-prediction.

Most of the parameters sit at 8x8, where a convolution over 64 positions costs little: one position there is 32 px of the picture.
"""
from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEAD_DIM = 32


class GroupNorm(nn.GroupNorm):
    """Affine weights cast to the input's type: autocast would otherwise run every norm in float32."""

    def forward(self, x: Tensor) -> Tensor:
        return F.group_norm(x, self.num_groups, self.weight.to(x.dtype), self.bias.to(x.dtype), self.eps)


class LayerNorm(nn.LayerNorm):
    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.normalized_shape, self.weight.to(x.dtype), self.bias.to(x.dtype), self.eps)


class ResBlock(nn.Module):
    """Two 3x3 convolutions with an adaptive norm between them (scale and shift from the timestep and the pooled prompt)."""

    def __init__(self, channels_in: int, channels_out: int, embed: int = 0):
        super().__init__()
        self.n1, self.c1 = GroupNorm(8, channels_in), nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.n2, self.c2 = GroupNorm(8, channels_out), nn.Conv2d(channels_out, channels_out, 3, padding=1)
        nn.init.zeros_(self.c2.weight), nn.init.zeros_(self.c2.bias)
        self.skip = nn.Conv2d(channels_in, channels_out, 1) if channels_in != channels_out else nn.Identity()
        self.embed = nn.Linear(embed, channels_out * 2) if embed else None

    def forward(self, x: Tensor, e: Tensor | None = None) -> Tensor:
        h = self.n2(self.c1(F.silu(self.n1(x))))
        if self.embed is not None:
            scale, shift = self.embed(e)[:, :, None, None].chunk(2, 1)
            h = h * (1 + scale) + shift
        return self.skip(x) + self.c2(F.silu(h))


class Attention(nn.Module):
    def __init__(self, channels: int, context: int | None = None):
        super().__init__()
        self.heads = channels // HEAD_DIM
        self.norm = LayerNorm(channels)
        self.q = nn.Linear(channels, channels, bias=False)
        self.kv = nn.Linear(context or channels, 2 * channels, bias=False)
        self.out = nn.Linear(channels, channels)
        nn.init.zeros_(self.out.weight), nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        h = self.norm(x)
        q = self.q(h)
        k, v = self.kv(h if context is None else context).chunk(2, -1)
        q, k, v = (t.unflatten(-1, (self.heads, HEAD_DIM)).transpose(1, 2) for t in (q, k, v))
        # Written out: for so few tokens the fused kernel's backward pass is 7 times slower on a CPU.
        weights = (q @ k.transpose(-1, -2) * HEAD_DIM**-0.5).softmax(-1)
        return x + self.out((weights @ v).transpose(1, 2).flatten(2))


class TransformerBlock(nn.Module):
    def __init__(self, channels: int, context: int, self_attention: bool = True):
        super().__init__()
        self.self_attention = Attention(channels) if self_attention else None
        self.cross_attention = Attention(channels, context)
        self.norm = LayerNorm(channels)
        self.ff = nn.Sequential(nn.Linear(channels, channels * 3), nn.GELU(), nn.Linear(channels * 3, channels))
        nn.init.zeros_(self.ff[2].weight), nn.init.zeros_(self.ff[2].bias)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        h = x.flatten(2).transpose(1, 2)
        if self.self_attention is not None:
            h = self.self_attention(h)
        h = self.cross_attention(h, context)
        h = h + self.ff(self.norm(h))
        return h.transpose(1, 2).reshape_as(x)


class Appearance(nn.Module):
    """What each word looks like: prompt embeds → 5x5 cells of 2x2 latents (and their coverage) a token, the thing drawn 160 px large on nothing.

    Trained first, by regression (align_text.py). With it the U-Net need not learn every shape on its own: it learns, once for all words, to place cells.
    """

    SIDE, CELL = 5, 2 * 2 * 17  # 16 latent channels and one of coverage

    def __init__(self, context: int, hidden: int = 768):
        super().__init__()
        self.enter, self.leave = nn.Linear(context, hidden), nn.Linear(hidden, self.SIDE**2 * self.CELL)

    def forward(self, context: Tensor) -> Tensor:
        """[..., context] → [..., 25, 68]"""
        return self.leave(F.gelu(self.enter(context))).unflatten(-1, (self.SIDE**2, self.CELL))


class AppearanceAttention(nn.Module):
    """Cross-attention to every token's cells. A key says whose cell it is, which one, and what it shows; a value is what it shows."""

    HEADS, DIM = 2, 64  # few heads: the softmax over 25 cells a token is what costs
    keep_weights = False  # training reads them, see placement_loss

    def __init__(self, channels: int, context: int):
        super().__init__()
        width = self.HEADS * self.DIM
        self.norm = LayerNorm(channels)
        self.q = nn.Linear(channels, width, bias=False)
        self.whose = nn.Linear(context, width, bias=False)
        self.which = nn.Parameter(torch.randn(Appearance.SIDE**2, width) * 0.5)
        self.shown = nn.Linear(Appearance.CELL, 2 * width, bias=False)
        self.out = nn.Linear(width, channels)
        nn.init.zeros_(self.out.weight), nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, context: Tensor, cells: Tensor) -> Tensor:
        h = x.flatten(2).transpose(1, 2)
        shown, v = self.shown(cells).chunk(2, -1)
        k = shown + self.whose(context)[:, :, None, :] + self.which.to(shown.dtype)
        q, k, v = (t.unflatten(-1, (self.HEADS, self.DIM)).transpose(1, 2) for t in (self.q(self.norm(h)), k.flatten(1, 2), v.flatten(1, 2)))
        weights = (q * self.DIM**-0.5 @ k.transpose(-1, -2)).softmax(-1)
        self.weights = weights if self.keep_weights else None
        h = h + self.out((weights @ v).transpose(1, 2).flatten(2))
        return h.transpose(1, 2).reshape_as(x)


def placement_loss(unet: "UNet", target: Tensor) -> Tensor:
    """Where a scene's objects are is known in training, so which cell each place shows is too: the attention is told, not left to find out.

    target int64 [batch, places], token * 25 + cell, -1 where there is no object.
    """
    losses = []
    for layer in (unet.place_in, *unet.place_out):
        weights = layer.weights.float().mean(1).gather(2, target.clamp(min=0)[..., None])[..., 0]
        losses.append(-(weights + 1e-6).log()[target >= 0].mean())
    return torch.stack(losses).mean()


class UNet(nn.Module):
    def __init__(self, latent_channels: int = 16, channels: tuple[int, int] = (96, 224), context: int = 256, embed: int = 384, depth: int = 3):
        super().__init__()
        wide, narrow = channels[0], channels[1]
        self.time = nn.Sequential(nn.Linear(128, embed), nn.SiLU(), nn.Linear(embed, embed))
        self.pooled = nn.Linear(context, embed)
        self.conv_in = nn.Conv2d(latent_channels, wide, 3, padding=1)
        self.enter1, self.enter2 = ResBlock(wide, wide, embed), ResBlock(wide, wide, embed)
        self.down = nn.Conv2d(wide, narrow, 3, stride=2, padding=1)
        pair = lambda c: nn.ModuleList([ResBlock(c, narrow, embed), TransformerBlock(narrow, context)])
        self.appearance = Appearance(context)
        self.place_in = AppearanceAttention(narrow, context)
        self.place_out = nn.ModuleList([AppearanceAttention(narrow, context) for _ in range(2)])
        self.encode = nn.ModuleList([pair(narrow) for _ in range(depth)])
        self.middle = TransformerBlock(narrow, context)
        self.decode = nn.ModuleList([pair(2 * narrow) for _ in range(depth)])
        self.up = nn.Conv2d(narrow, wide, 3, padding=1)
        self.leave1, self.leave_attention, self.leave2 = ResBlock(2 * wide, wide, embed), TransformerBlock(wide, context, self_attention=False), ResBlock(2 * wide, wide, embed)
        self.norm_out, self.conv_out = GroupNorm(8, wide), nn.Conv2d(wide, latent_channels, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight), nn.init.zeros_(self.conv_out.bias)
        self.register_buffer("frequencies", torch.exp(-math.log(10000) * torch.arange(64) / 64), persistent=False)

    def forward(self, sample: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        """sample [batch, 16, h, w], timestep int64 [batch] in 0..999, context [batch, tokens, 256] (padding rows are zero)."""
        angle = timestep[:, None].float() * self.frequencies
        # Token 0 is the text transformer's summary of the whole prompt.
        e = F.silu(self.time(torch.cat([angle.cos(), angle.sin()], -1)) + self.pooled(context[:, 0]))
        h0 = self.enter1(self.conv_in(sample), e)
        h1 = self.enter2(h0, e)
        cells = self.appearance(context)
        x, skips = self.down(h1), []
        for i, (res, block) in enumerate(self.encode):
            x = res(x, e)
            if i == 0:
                x = self.place_in(x, context, cells)
            x = block(x, context)
            skips.append(x)
        x = self.middle(x, context)
        for i, (res, block) in enumerate(self.decode):
            x = res(torch.cat([x, skips.pop()], 1), e)
            if i < len(self.place_out):
                x = self.place_out[i](x, context, cells)
            x = block(x, context)
        x = self.up(F.interpolate(x, scale_factor=2.0))
        x = self.leave_attention(self.leave1(torch.cat([x, h1], 1), e), context)
        x = self.leave2(torch.cat([x, h0], 1), e)
        return self.conv_out(F.silu(self.norm_out(x)))
