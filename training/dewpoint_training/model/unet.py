"""The denoising U-Net: 16x16x16 latents, one halving to 8x8, self- and cross-attention, v-prediction.

Most of the parameters sit at 8x8, where a convolution over 64 positions costs little: one position there is 32 px of the picture.
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


class Appearance(nn.Module):
    """What each word looks like: the look of its prompt embed → cells of 2x2 latents (and their coverage), the thing drawn 160, 128, 96 and 64 px large on nothing.

    Trained first, by regression (align_text.py). With it the U-Net need not learn every shape on its own: it learns, once for all words, to place cells.
    """

    SIDES = (5, 4, 3, 2)  # cells of 32 px
    FIRST = (0, 25, 41, 50)  # the first cell of each size
    CELLS = 54
    CHANNELS = 17  # 16 latent channels and one of coverage
    CELL = CHANNELS * 4

    def __init__(self, hidden: int = 1024):
        super().__init__()
        self.enter, self.leave = nn.Linear(LOOK, hidden), nn.Linear(hidden, self.CELLS * self.CELL)

    def features(self, look: Tensor) -> Tensor:
        return F.gelu(self.enter(look))

    def forward(self, look: Tensor) -> Tensor:
        """[..., 256] → [..., 54, 68]"""
        return self.leave(self.features(look)).unflatten(-1, (self.CELLS, self.CELL))


class Placing(nn.Module):
    """Cross-attention to every token's cells, one head for what is in front and one for what is behind it.

    A key says whose cell it is, which one, and what it shows; the value is the cell itself; one more key stands for nothing. So the places of the 8x8
    level, 32 px each, say what they show, and a picture of two layers comes out at the latents' own resolution.
    """

    LAYERS, DIM = 2, 64
    NOTHING = 32 * Appearance.CELLS  # the last key's index
    keep_weights = False  # training reads them, see placement_loss

    def __init__(self, channels: int, context: int):
        super().__init__()
        width = self.LAYERS * self.DIM
        self.norm = LayerNorm(channels)
        self.q = nn.Linear(channels, width, bias=False)
        self.whose = nn.Linear(context, width, bias=False)
        self.which = nn.Parameter(torch.randn(Appearance.CELLS, width) * 0.5)
        self.nothing = nn.Parameter(torch.zeros(1, width))
        self.shown = nn.Linear(Appearance.CELL, width, bias=False)
        self.out = nn.Linear(self.LAYERS * Appearance.CELL, channels)
        nn.init.zeros_(self.out.weight), nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, context: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        """x [batch, channels, h, w] → (x with what is placed told to it, the placed layers [batch, 34, 2h, 2w])"""
        h = x.flatten(2).transpose(1, 2)
        k = self.shown(cells) + self.whose(context)[:, :, None, :] + self.which.to(cells.dtype)
        k = torch.cat([k.flatten(1, 2), self.nothing.to(cells.dtype).expand(x.shape[0], 1, -1)], 1)
        values = F.pad(cells.flatten(1, 2), (0, 0, 0, 1))[:, None]
        q, k = (t.unflatten(-1, (self.LAYERS, self.DIM)).transpose(1, 2) for t in (self.q(self.norm(h)), k))
        weights = (q * self.DIM**-0.5 @ k.transpose(-1, -2)).softmax(-1)
        self.weights = weights if self.keep_weights else None
        placed = (weights @ values).transpose(1, 2)
        h = h + self.out(placed.flatten(2))
        return h.transpose(1, 2).reshape_as(x), self.unpack(placed, x.shape[2], x.shape[3])

    def unpack(self, placed: Tensor, rows: int, columns: int) -> Tensor:
        """[batch, places, layers, 68] → [batch, 34, 2 * rows, 2 * columns]"""
        latents = placed.reshape(-1, rows, columns, self.LAYERS * Appearance.CHANNELS * 4)
        return F.pixel_shuffle(latents.permute(0, 3, 1, 2), 2)


def placement_loss(unet: "UNet", target: Tensor) -> Tensor:
    """Where a scene's objects are is known in training, so which cell each place shows is too: the attention is told, not left to find out.

    target int64 [batch, 2, places]: token * 54 + cell in front and behind; the last key for nothing; -1 where it is not to be told. There are many more
    empty places than others, so both kinds count as one mean each.
    """
    losses = []
    told, empty = target >= 0, target == Placing.NOTHING
    for layer in (unet.place_in, unet.place_out):
        surprise = -(layer.weights.float().gather(3, target.clamp(min=0)[..., None])[..., 0] + 1e-6).log()
        losses.append(surprise[told & ~empty].mean() + 0.5 * surprise[empty].mean())
    return torch.stack(losses).mean()


class UNet(nn.Module):
    def __init__(self, latent_channels: int = 16, channels: tuple[int, int] = (96, 224), context: int = LOOK + ROLE, embed: int = 384, depth: int = 3):
        super().__init__()
        wide, narrow = channels[0], channels[1]
        self.time = nn.Sequential(nn.Linear(128, embed), nn.SiLU(), nn.Linear(embed, embed))
        self.pooled = nn.Linear(context, embed)
        self.conv_in = nn.Conv2d(latent_channels, wide, 3, padding=1)
        self.enter1, self.enter2 = ResBlock(wide, wide, embed), ResBlock(wide, wide, embed)
        self.down = nn.Conv2d(wide, narrow, 3, stride=2, padding=1)
        pair = lambda c: nn.ModuleList([ResBlock(c, narrow, embed), TransformerBlock(narrow, context)])
        self.appearance = Appearance()
        self.place_in, self.place_out = Placing(narrow, context), Placing(narrow, context)
        self.encode = nn.ModuleList([pair(narrow) for _ in range(depth)])
        self.middle = TransformerBlock(narrow, context)
        self.decode = nn.ModuleList([pair(2 * narrow) for _ in range(depth)])
        # A pixel shuffle, not a repetition: what a place knows of its four latents must reach each of them.
        self.up = nn.Sequential(nn.Conv2d(narrow, 4 * wide, 3, padding=1), nn.PixelShuffle(2))
        self.paint = nn.Conv2d(Placing.LAYERS * Appearance.CHANNELS, wide, 3, padding=1)
        nn.init.zeros_(self.paint.weight), nn.init.zeros_(self.paint.bias)
        self.leave1, self.leave_attention, self.leave2 = ResBlock(2 * wide, wide, embed), TransformerBlock(wide, context, self_attention=False), ResBlock(2 * wide, wide, embed)
        self.norm_out, self.conv_out = GroupNorm(8, wide), nn.Conv2d(wide, latent_channels, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight), nn.init.zeros_(self.conv_out.bias)
        self.register_buffer("frequencies", torch.exp(-math.log(10000) * torch.arange(64) / 64), persistent=False)

    def forward(self, sample: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        """sample [batch, 16, h, w], timestep int64 [batch] in 0..999, context [batch, tokens, 384] (padding rows are zero)."""
        angle = timestep[:, None].float() * self.frequencies
        # Token 0 is the text transformer's summary of the whole prompt.
        e = F.silu(self.time(torch.cat([angle.cos(), angle.sin()], -1)) + self.pooled(context[:, 0]))
        h0 = self.enter1(self.conv_in(sample), e)
        h1 = self.enter2(h0, e)
        cells = self.appearance(context[..., :LOOK])
        x, skips = self.down(h1), []
        for i, (res, block) in enumerate(self.encode):
            x = res(x, e)
            if i == 0:
                x, _ = self.place_in(x, context, cells)
            x = block(x, context)
            skips.append(x)
        x = self.middle(x, context)
        for i, (res, block) in enumerate(self.decode):
            x = res(torch.cat([x, skips.pop()], 1), e)
            if i == len(self.decode) - 1:
                x, layers = self.place_out(x, context, cells)
            x = block(x, context)
        x = self.up(x) + self.paint(layers)
        x = self.leave_attention(self.leave1(torch.cat([x, h1], 1), e), context)
        x = self.leave2(torch.cat([x, h0], 1), e)
        return self.conv_out(F.silu(self.norm_out(x)))
