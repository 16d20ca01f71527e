"""The diffusion transformer (DiT with adaLN-zero blocks) under the tensor names of the original DiT.

Written from the paper (Peebles and Xie, "Scalable Diffusion Models with Transformers") to compute what WebDiT's kernels
compute: `tests/test_goldens.py` holds it against the golden runs of the bundled checkpoint.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.recipe import TransformerConfig


class TimestepEmbedder(nn.Module):
    """Sinusoids of the timestep, then an MLP."""

    def __init__(self, width: int, frequency_size: int) -> None:
        """Args give the width of the model and the length of the sinusoidal embedding."""
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(frequency_size, width), nn.SiLU(), nn.Linear(width, width))
        half = frequency_size // 2
        exponents = torch.arange(half, dtype=torch.float64) / half
        self.register_buffer("frequencies", torch.exp(-math.log(10000) * exponents), persistent=False)
        self.frequencies: Tensor

    def forward(self, timesteps: Tensor) -> Tensor:
        """`[batch]` timesteps 0 to 999 -> `[batch, width]`; the sinusoids are computed in f64 and rounded once."""
        angles = timesteps.double()[:, None] * self.frequencies
        sinusoids = torch.cat([angles.cos(), angles.sin()], dim=-1)
        embedding: Tensor = self.mlp(sinusoids.float())
        return embedding


class LabelEmbedder(nn.Module):
    """One vector per class, and a last one for "no class", which classifier-free guidance needs."""

    def __init__(self, num_classes: int, width: int) -> None:
        """The table has `num_classes + 1` rows."""
        super().__init__()
        self.embedding_table = nn.Embedding(num_classes + 1, width)

    def forward(self, labels: Tensor) -> Tensor:
        """`[batch]` class ids, `num_classes` being the null class -> `[batch, width]`."""
        embedding: Tensor = self.embedding_table(labels)
        return embedding


class PatchEmbedder(nn.Module):
    """Cuts the latents into patches and projects each to a token."""

    def __init__(self, channels: int, width: int, patch_size: int) -> None:
        """The projection is a convolution whose stride is its size."""
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch_size, stride=patch_size)

    def forward(self, latents: Tensor) -> Tensor:
        """`[batch, channels, height, width]` -> `[batch, tokens, width]`, tokens row by row."""
        patches: Tensor = self.proj(latents)
        return patches.flatten(2).transpose(1, 2)


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, width: int, heads: int) -> None:
        """The width is a multiple of the heads."""
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, tokens, width]` -> the same shape."""
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v)
        out: Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))
        return out


class Mlp(nn.Module):
    """Two linears around tanh-approximated GELU."""

    def __init__(self, width: int, hidden: int) -> None:
        """Widths in tokens' channels."""
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """`[..., width]` -> the same shape."""
        out: Tensor = self.fc2(F.gelu(self.fc1(x), approximate="tanh"))
        return out


def modulation(width: int, vectors: int) -> nn.Sequential:
    """The adaLN layer: conditioning `[batch, width]` -> `[batch, vectors * width]`."""
    return nn.Sequential(nn.SiLU(), nn.Linear(width, vectors * width))


def modulated_norm(x: Tensor, shift: Tensor, scale: Tensor, eps: float) -> Tensor:
    """LayerNorm without weights of `x` `[batch, tokens, width]`, then scale and shift `[batch, width]`."""
    return F.layer_norm(x, x.shape[-1:], eps=eps) * (1 + scale[:, None]) + shift[:, None]


class Block(nn.Module):
    """An adaLN-zero block."""

    def __init__(self, config: TransformerConfig) -> None:
        """All blocks of a model are alike."""
        super().__init__()
        self.norm_eps = config.norm_eps
        self.attn = Attention(config.hidden_size, config.num_heads)
        self.mlp = Mlp(config.hidden_size, int(config.hidden_size * config.mlp_ratio))
        self.adaLN_modulation = modulation(config.hidden_size, 6)

    def forward(self, x: Tensor, conditioning: Tensor) -> Tensor:
        """Tokens `[batch, tokens, width]` and conditioning `[batch, width]` -> tokens."""
        shift1, scale1, gate1, shift2, scale2, gate2 = self.adaLN_modulation(conditioning).chunk(6, dim=1)
        x = x + gate1[:, None] * self.attn(modulated_norm(x, shift1, scale1, self.norm_eps))
        after_mlp: Tensor = x + gate2[:, None] * self.mlp(modulated_norm(x, shift2, scale2, self.norm_eps))
        return after_mlp


class FinalLayer(nn.Module):
    """Tokens to the pixels of their patches."""

    def __init__(self, config: TransformerConfig) -> None:
        """A norm with modulation and a linear."""
        super().__init__()
        self.norm_eps = config.norm_eps
        self.linear = nn.Linear(config.hidden_size, config.patch_size**2 * config.out_channels)
        self.adaLN_modulation = modulation(config.hidden_size, 2)

    def forward(self, x: Tensor, conditioning: Tensor) -> Tensor:
        """`[batch, tokens, width]` -> `[batch, tokens, patch * patch * channels]`."""
        shift, scale = self.adaLN_modulation(conditioning).chunk(2, dim=1)
        out: Tensor = self.linear(modulated_norm(x, shift, scale, self.norm_eps))
        return out


class DiT(nn.Module):
    """Predicts the noise in latents; its state dict is the native layout of a WebDiT model folder."""

    def __init__(self, config: TransformerConfig) -> None:
        """Weights start as in the paper: every block is the identity, and the prediction is 0."""
        super().__init__()
        self.config = config
        width, grid = config.hidden_size, config.input_size // config.patch_size
        self.x_embedder = PatchEmbedder(config.in_channels, width, config.patch_size)
        self.t_embedder = TimestepEmbedder(width, config.frequency_embedding_size)
        self.y_embedder = LabelEmbedder(config.num_classes, width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.final_layer = FinalLayer(config)
        self.register_buffer("pos_embed", position_table(grid, width)[None])
        self.pos_embed: Tensor
        self._initialise()

    def forward(self, latents: Tensor, timesteps: Tensor, labels: Tensor) -> Tensor:
        """Predict epsilon, and with learned sigma the variances behind it.

        Args:
            latents: `[batch, channels, size, size]`.
            timesteps: `[batch]`, 0 to 999.
            labels: `[batch]`, class ids; `num_classes` is the null class.

        Returns:
            `[batch, out channels, size, size]`.
        """
        x = self.x_embedder(latents) + self.pos_embed
        conditioning = self.t_embedder(timesteps) + self.y_embedder(labels)
        for block in self.blocks:
            x = block(x, conditioning)
        patches: Tensor = self.final_layer(x, conditioning)
        return self._unpatchify(patches)

    def _unpatchify(self, patches: Tensor) -> Tensor:
        """`[batch, tokens, patch * patch * channels]` -> `[batch, channels, size, size]`."""
        size, patch, channels = self.config.input_size, self.config.patch_size, self.config.out_channels
        grid = size // patch
        x = patches.view(-1, grid, grid, patch, patch, channels)
        return x.permute(0, 5, 1, 3, 2, 4).reshape(-1, channels, size, size)

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                nn.init.xavier_uniform_(module.weight.flatten(1))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.y_embedder.embedding_table.weight, std=0.02)
        for name, parameter in self.named_parameters():
            if name.startswith("t_embedder") and name.endswith("weight"):
                nn.init.normal_(parameter, std=0.02)
            if "adaLN_modulation" in name or name.startswith("final_layer"):
                nn.init.zeros_(parameter)


def position_table(grid: int, width: int) -> Tensor:
    """Fixed 2-D sin-cos positions `[grid * grid, width]`, row by row.

    The first half of the width comes from the column, the second from the row.
    """
    quarter = width // 4
    frequencies = 10000.0 ** (-torch.arange(quarter, dtype=torch.float64) / quarter)
    angles = torch.arange(grid, dtype=torch.float64)[:, None] * frequencies
    line = torch.cat([angles.sin(), angles.cos()], dim=1)
    columns = line[None].expand(grid, -1, -1)
    rows = line[:, None].expand(-1, grid, -1)
    return torch.cat([columns, rows], dim=2).reshape(grid * grid, width).float()
