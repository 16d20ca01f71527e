"""Noise: what training adds to latents, how its loss is weighted, and how DDIM takes it away again."""

from collections.abc import Callable

import torch
from torch import Tensor

from training.recipe import NoiseSchedule

Denoiser = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Latents `[batch, channels, size, size]`, timesteps `[batch]`, labels `[batch]` -> epsilon, shaped as the latents."""


def signal_levels(schedule: NoiseSchedule) -> Tensor:
    """Alpha-bar of every training timestep, `[num_train_timesteps]`, f64: the share of the variance that is signal."""
    betas = torch.linspace(schedule.beta_start, schedule.beta_end, schedule.num_train_timesteps, dtype=torch.float64)
    return torch.cumprod(1 - betas, dim=0)


def add_noise(latents: Tensor, noise: Tensor, levels: Tensor) -> Tensor:
    """The noised latents. `latents` and `noise` `[batch, channels, size, size]`, alpha-bar `levels` `[batch]`."""
    levels = levels.float()[:, None, None, None]
    return levels.sqrt() * latents + (1 - levels).sqrt() * noise


def min_snr_weights(levels: Tensor, gamma: float) -> Tensor:
    """Loss weights `[batch]` for epsilon: min(SNR, gamma) / SNR (Hang et al., "Min-SNR weighting", for epsilon)."""
    snr = levels / (1 - levels)
    return (snr.clamp(max=gamma) / snr).float()


def epsilon_loss(prediction: Tensor, noise: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean squared error over `[batch, channels, size, size]`, with one weight per row; a scalar."""
    return (weights * (prediction.float() - noise).square().mean(dim=(1, 2, 3))).mean()


def respaced_timesteps(steps: int, train_steps: int) -> list[int]:
    """Timesteps of a run, descending: the stride adds up in f64, rounded half to even, as in the original DiT."""
    if steps == 1:
        return [train_steps - 1]
    stride, position, ascending = (train_steps - 1) / (steps - 1), 0.0, []
    for _ in range(steps):
        ascending.append(round(position))
        position += stride
    return ascending[::-1]


@torch.no_grad()
def sample_ddim(
    model: Denoiser,
    latents: Tensor,
    labels: Tensor,
    null_label: int,
    schedule: NoiseSchedule,
    steps: int,
    guidance_scale: float,
) -> list[Tensor]:
    """Denoise with DDIM, eta 0, and classifier-free guidance on all channels.

    Args:
        model: predicts epsilon.
        latents: `[batch, channels, size, size]`, standard normal.
        labels: `[batch]` class ids.
        null_label: the id that means "no class".
        schedule: the noise the model was trained on.
        steps: number of steps, respaced over the training steps.
        guidance_scale: 1 follows the class alone, more exaggerates it.

    Returns:
        The latents after every step, `steps` tensors shaped as `latents`.
    """
    levels = signal_levels(schedule)
    timesteps = respaced_timesteps(steps, schedule.num_train_timesteps)
    both_labels = torch.cat([labels, torch.full_like(labels, null_label)])
    trace = []
    for n, timestep in enumerate(timesteps):
        level = levels[timestep].item()
        next_level = levels[timesteps[n + 1]].item() if n + 1 < steps else 1.0
        both_timesteps = torch.full((2 * len(latents),), timestep)
        conditional, unconditional = model(torch.cat([latents, latents]), both_timesteps, both_labels).chunk(2)
        epsilon = unconditional + guidance_scale * (conditional - unconditional)
        clean = (latents - (1 - level) ** 0.5 * epsilon) / level**0.5
        latents = next_level**0.5 * clean + (1 - next_level) ** 0.5 * epsilon
        trace.append(latents)
    return trace
