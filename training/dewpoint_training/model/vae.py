"""The autoencoder: 256x256x3 pictures ↔ 16x16x16 latents, fully convolutional, no sampling (noise added in training keeps the latents smooth).

Most of the decoder's parameters sit at 16x16 and 32x32, where a convolution costs little; the encoder is run only for pictures of one's own.
"""

from __future__ import annotations

from torch import Tensor, nn

from .unet import GroupNorm, ResBlock

LATENT_CHANNELS = 16
DOWNSCALE = 16
ENCODER = (96, 160, 256)  # channels at 64x64, 32x32 and 16x16
DECODER = (72, 128, 256)


def upsample(a: int, b: int) -> nn.Sequential:
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 3, padding=1))


class VAE(nn.Module):
    def __init__(self, latent_channels: int = LATENT_CHANNELS, encoder: tuple[int, int, int] = ENCODER, decoder: tuple[int, int, int] = DECODER):
        super().__init__()
        a, b, d = encoder
        self.e = nn.Sequential(
            nn.PixelUnshuffle(4), nn.Conv2d(48, a, 3, padding=1), ResBlock(a, a),
            nn.Conv2d(a, b, 3, stride=2, padding=1), ResBlock(b, b), ResBlock(b, b),
            nn.Conv2d(b, d, 3, stride=2, padding=1), ResBlock(d, d), ResBlock(d, d), ResBlock(d, d),
            GroupNorm(8, d), nn.SiLU(), nn.Conv2d(d, latent_channels, 3, padding=1),
        )  # fmt: skip
        a, b, d = decoder
        self.d = nn.Sequential(
            nn.Conv2d(latent_channels, d, 3, padding=1), ResBlock(d, d), ResBlock(d, d), ResBlock(d, d), ResBlock(d, d),
            upsample(d, b), ResBlock(b, b), ResBlock(b, b), upsample(b, a), ResBlock(a, a), ResBlock(a, a),
            upsample(a, 32), ResBlock(32, 32), GroupNorm(8, 32), nn.SiLU(), nn.Conv2d(32, 12, 3, padding=1), nn.PixelShuffle(2),
        )  # fmt: skip

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures in 0..1 → raw latents (not normalised)."""
        return self.e(pictures * 2 - 1)

    def decode(self, latents: Tensor) -> Tensor:
        return (self.d(latents) + 1) / 2
