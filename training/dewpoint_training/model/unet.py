"""The denoising U-Net: 16x16x16 latents, one halving to 8x8, self- and cross-attention, v-prediction.

Most of the parameters sit at 8x8, where a convolution over 64 positions costs little: one position there is 32 px of the picture.

Words bring what they look like along: a small map of features, drawn upright and filling its square (`Looks`). At two depths the network says of every
place which token's thing it shows and which spot of that thing (`Placing`), and gets the features of that spot. So it learns once, for all things
of all sizes, mirrored and turned ones too, to place and to paint; not every shape anew.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEAD_DIM = 32
LOOK, ROLE = 256, 128  # channels of a prompt embed: what a word looks like, and which of the things named it is (text.py)


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


class Looks(nn.Module):
    """The look of a token's prompt embed → a map of SIDE x SIDE cells with FEATURES channels: the thing upright, filling its square."""

    SIDE, FEATURES = 8, 48
    CELLS = SIDE * SIDE

    def __init__(self, hidden: int = 1536):
        super().__init__()
        self.enter, self.leave = nn.Linear(LOOK, hidden), nn.Linear(hidden, self.CELLS * self.FEATURES)

    def forward(self, look: Tensor) -> Tensor:
        """[batch, tokens, 256] → [batch, tokens, 64, 48]"""
        return self.leave(F.gelu(self.enter(look))).unflatten(-1, (self.CELLS, self.FEATURES))


class Placing(nn.Module):
    """Which thing and which spot of it every place shows, in front and behind that; answers with the features of that spot.

    The choice is a product: of tokens (by their embeds; one more choice is nothing) and of cells (the place knows where on the thing it is). It is made on
    `scale` x `scale` places to a position of the input.
    """

    LAYERS, DIM = 2, 64
    CHANNELS = Looks.FEATURES + 1  # and how surely there is something at all

    def __init__(self, channels: int, context: int, scale: int):
        super().__init__()
        self.scale = scale
        self.norm = LayerNorm(channels)
        self.q = nn.Linear(channels, scale**2 * self.LAYERS * self.DIM, bias=False)
        self.spot = nn.Linear(channels, scale**2 * self.LAYERS * Looks.CELLS)
        self.whose = nn.Linear(context, self.LAYERS * self.DIM, bias=False)
        self.nothing = nn.Parameter(torch.zeros(1, 1, self.LAYERS * self.DIM))
        self.token_choice, self.spot_choice = nn.Softmax(-1), nn.Softmax(-1)  # modules: an exported graph tells them apart by name

    def forward(self, x: Tensor, context: Tensor, looks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x [batch, channels, h, w], looks [batch, tokens, 64, 48] → (features [batch, 2 * 49, scale * h, scale * w],
        logits over tokens and nothing [batch, places, 2, tokens + 1], logits over cells [batch, places, 2, 64])"""
        h, w = x.shape[2:]
        x = self.norm(x.flatten(2).transpose(1, 2))
        q, spot = self.places(self.q(x), h, w, self.DIM), self.places(self.spot(x), h, w, Looks.CELLS)
        k = torch.cat([self.whose(context), self.nothing.to(x.dtype).expand(x.shape[0], 1, -1)], 1).unflatten(-1, (self.LAYERS, self.DIM))
        token = (q * self.DIM**-0.5).transpose(1, 2) @ k.permute(0, 2, 3, 1)
        # Padding has no embed and so no key of its own: it must not be chosen.
        real = F.pad(context.abs().amax(-1) > 0, (0, 1), value=True)
        token = torch.where(real[:, None, None, :], token, -1e4).transpose(1, 2)
        features = self.look_up(self.token_choice(token), self.spot_choice(spot), looks)
        return features.transpose(1, 2).unflatten(2, (h * self.scale, w * self.scale)), token, spot

    def places(self, x: Tensor, h: int, w: int, width: int) -> Tensor:
        """[batch, h * w, scale² * 2 * width] → [batch, places, 2, width]; places row by row of the finer grid."""
        s = self.scale
        x = x.reshape(-1, h, w, s, s, self.LAYERS, width).transpose(2, 3)
        return x.reshape(-1, h * s * w * s, self.LAYERS, width)

    @staticmethod
    def look_up(token: Tensor, spot: Tensor, looks: Tensor) -> Tensor:
        """Weights over tokens (and nothing) and over cells → [batch, places, 2 * 49]"""
        n, places, layers, tokens = *token.shape[:3], looks.shape[1]
        spots = spot.flatten(1, 2) @ looks.transpose(1, 2).flatten(2)  # [batch, places * 2, tokens * 48]
        shown = torch.einsum("bpt,bptf->bpf", token[..., :tokens].flatten(1, 2), spots.unflatten(-1, (tokens, Looks.FEATURES)))
        something = 1 - token[..., tokens:].flatten(1, 2)
        return torch.cat([shown, something], -1).reshape(n, places, layers * Placing.CHANNELS)


class UNet(nn.Module):
    def __init__(self, latent_channels: int = 16, channels: tuple[int, int] = (96, 256), context: int = LOOK + ROLE, embed: int = 512, depth: int = 3):
        super().__init__()
        wide, narrow = channels[0], channels[1]
        placed = Placing.LAYERS * Placing.CHANNELS
        self.time = nn.Sequential(nn.Linear(128, embed), nn.SiLU(), nn.Linear(embed, embed))
        self.pooled = nn.Linear(context, embed)
        self.conv_in = nn.Conv2d(latent_channels, wide, 3, padding=1)
        self.enter1, self.enter2 = ResBlock(wide, wide, embed), ResBlock(wide, wide, embed)
        self.down = nn.Conv2d(wide, narrow, 3, stride=2, padding=1)
        pair = lambda c: nn.ModuleList([ResBlock(c, narrow, embed), TransformerBlock(narrow, context)])
        self.looks = Looks()
        self.place_in, self.place_out = Placing(narrow, context, 1), Placing(narrow, context, 2)
        self.tell = nn.Conv2d(placed, narrow, 1)
        self.encode = nn.ModuleList([pair(narrow) for _ in range(depth)])
        self.middle = TransformerBlock(narrow, context)
        self.decode = nn.ModuleList([pair(2 * narrow) for _ in range(depth)])
        # A pixel shuffle, not a repetition: what a place knows of its four latents must reach each of them.
        self.up = nn.Sequential(nn.Conv2d(narrow, 4 * wide, 3, padding=1), nn.PixelShuffle(2))
        self.paint_in, self.paint = nn.Conv2d(placed, wide, 3, padding=1), ResBlock(wide, wide, embed)
        self.leave1, self.leave_attention, self.leave2 = (
            ResBlock(3 * wide, wide, embed),
            TransformerBlock(wide, context, self_attention=False),
            ResBlock(2 * wide, wide, embed),
        )
        self.norm_out, self.conv_out = GroupNorm(8, wide), nn.Conv2d(wide, latent_channels, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight), nn.init.zeros_(self.conv_out.bias)
        self.register_buffer("frequencies", torch.exp(-math.log(10000) * torch.arange(64) / 64), persistent=False)

    def forward(self, sample: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        """sample [batch, 16, h, w], timestep int64 [batch] in 0..999, context [batch, tokens, 384] (padding rows are zero) → v [batch, 16, h, w]"""
        return self.denoise(sample, self.embed(timestep, context), context, self.looks(context[..., :LOOK]))[0]

    def embed(self, timestep: Tensor, context: Tensor) -> Tensor:
        angle = timestep[:, None].float() * self.frequencies
        # Token 0 is the text transformer's summary of the whole prompt.
        return F.silu(self.time(torch.cat([angle.cos(), angle.sin()], -1).to(context.dtype)) + self.pooled(context[:, 0]))

    def painted(self, features: Tensor, e: Tensor) -> Tensor:
        """What is placed, painted at the latents' resolution: [batch, 98, 16, 16] → [batch, wide, 16, 16]"""
        return self.paint(self.paint_in(features), e)

    def denoise(self, sample: Tensor, e: Tensor, context: Tensor, looks: Tensor) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """→ (v, the choices of both placings: logits over tokens and over cells)"""
        h0 = self.enter1(self.conv_in(sample), e)
        h1 = self.enter2(h0, e)
        x, skips = self.down(h1), []
        for i, (res, block) in enumerate(self.encode):
            x = res(x, e)
            if i == 0:
                features, *first = self.place_in(x, context, looks)
                x = x + self.tell(features)
            x = block(x, context)
            skips.append(x)
        x = self.middle(x, context)
        for i, (res, block) in enumerate(self.decode):
            x = block(res(torch.cat([x, skips.pop()], 1), e), context)
            if i == max(0, len(self.decode) - 2):  # what comes after it refines what was placed
                features, *last = self.place_out(x, context, looks)
        x = self.leave1(torch.cat([self.up(x), self.painted(features, e), h1], 1), e)
        x = self.leave2(torch.cat([self.leave_attention(x, context), h0], 1), e)
        return self.conv_out(F.silu(self.norm_out(x))), [tuple(first), tuple(last)]
