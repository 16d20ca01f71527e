"""The convolutional autoencoder: 64 x 64 pictures to 16 x 16 latents of 4 channels and back."""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.recipe import AutoencoderConfig


class ResidualBlock(nn.Module):
    """Twice GroupNorm, SiLU and a 3 x 3 convolution, beside the identity."""

    def __init__(self, width: int, groups: int) -> None:
        """The width, in channels, is a multiple of the groups."""
        super().__init__()
        self.n1 = nn.GroupNorm(groups, width)
        self.c1 = nn.Conv2d(width, width, 3, padding=1)
        self.n2 = nn.GroupNorm(groups, width)
        self.c2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, channels, height, width]` -> the same shape."""
        h = self.c1(F.silu(self.n1(x)))
        return x + cast(Tensor, self.c2(F.silu(self.n2(h))))


class Encoder(nn.Module):
    """Pictures to latents."""

    def __init__(self, config: AutoencoderConfig) -> None:
        """Two residual blocks at half the picture's size, two at a quarter."""
        super().__init__()
        fine, coarse, groups = config.fine_width, config.coarse_width, config.norm_groups
        self.net = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(12, fine, 3, padding=1),
            ResidualBlock(fine, groups),
            ResidualBlock(fine, groups),
            nn.Conv2d(fine, coarse, 3, stride=2, padding=1),
            ResidualBlock(coarse, groups),
            ResidualBlock(coarse, groups),
            nn.GroupNorm(groups, coarse),
            nn.SiLU(),
            nn.Conv2d(coarse, config.latent_channels, 3, padding=1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """`[batch, 3, size, size]` in [-1, 1] -> `[batch, 4, size / 4, size / 4]`, not scaled."""
        return cast(Tensor, self.net(image))


class Decoder(nn.Module):
    """Latents to pictures."""

    def __init__(self, config: AutoencoderConfig) -> None:
        """The encoder backwards; sizes double by pixel shuffles."""
        super().__init__()
        fine, coarse, groups = config.fine_width, config.coarse_width, config.norm_groups
        self.net = nn.Sequential(
            nn.Conv2d(config.latent_channels, coarse, 3, padding=1),
            ResidualBlock(coarse, groups),
            ResidualBlock(coarse, groups),
            nn.Conv2d(coarse, 4 * fine, 1),
            nn.PixelShuffle(2),
            ResidualBlock(fine, groups),
            ResidualBlock(fine, groups),
            nn.GroupNorm(groups, fine),
            nn.SiLU(),
            nn.Conv2d(fine, 12, 3, padding=1),
            nn.PixelShuffle(2),
        )

    def forward(self, latent: Tensor) -> Tensor:
        """`[batch, 4, size / 4, size / 4]`, not scaled -> `[batch, 3, size, size]`, about [-1, 1]."""
        return cast(Tensor, self.net(latent))


class Autoencoder(nn.Module):
    """Both halves, for training."""

    def __init__(self, config: AutoencoderConfig) -> None:
        """PyTorch's own initial weights."""
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def forward(self, image: Tensor) -> Tensor:
        """`[batch, 3, size, size]` -> the reconstruction, the same shape."""
        return cast(Tensor, self.decoder(self.encoder(image)))


def reconstruction_loss(reconstruction: Tensor, image: Tensor) -> Tensor:
    """L1 + MSE + L1 of the gradients along both sides, which keeps edges sharp; `[batch, 3, h, w]` -> a scalar."""
    pixels = F.l1_loss(reconstruction, image) + F.mse_loss(reconstruction, image)
    gradients = sum(F.l1_loss(reconstruction.diff(dim=side), image.diff(dim=side)) for side in (2, 3))
    return pixels + cast(Tensor, gradients)


def latent_penalty(latents: Tensor) -> Tensor:
    """How far the channels of `[batch, channels, h, w]` are from mean 0 and deviation 1; a scalar."""
    channels = latents.transpose(0, 1).flatten(1)
    return channels.mean(1).square().mean() + (channels.std(1) - 1).square().mean()


def psnr(reconstruction: Tensor, image: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of `[..., 3, h, w]` pictures in [-1, 1], the mean over the pictures."""
    mse = (reconstruction.clamp(-1, 1) - image).square().mean(dim=(-3, -2, -1)).clamp(min=1e-12)
    return 10 * torch.log10(4 / mse).mean().item()
