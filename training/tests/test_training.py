"""Losses, noise, optimizers and rates are what the model card says."""

from dataclasses import replace

import pytest
import torch

from training.autoencoder import latent_penalty, psnr, reconstruction_loss
from training.diffusion import add_noise, epsilon_loss, min_snr_weights, sample_ddim, signal_levels
from training.optimizers import cooldown, transformer_optimizers
from training.recipe import EMOJI_DIT, SMOKE
from training.run_files import seeded
from training.tests.bundled import ROOT, read_json
from training.train_transformer import draw_batch
from training.transformer import DiT


def test_the_signal_levels_are_those_of_diffusers() -> None:
    levels = signal_levels(EMOJI_DIT.noise)
    expected: dict[str, float] = read_json(ROOT / "goldens/schedulers/schedulers.json")["alphas_cumprod_linear"]
    assert len(levels) == 1000
    for timestep, level in expected.items():
        assert levels[int(timestep)].item() == pytest.approx(level, rel=1e-5)


def test_the_reconstruction_loss_sees_brightness_and_edges() -> None:
    image = torch.zeros(1, 3, 4, 4)
    assert reconstruction_loss(image + 0.5, image).item() == pytest.approx(0.5 + 0.25)
    stripes = torch.tensor([0.5, -0.5, 0.5, -0.5]).expand(1, 3, 4, 4)
    assert reconstruction_loss(stripes, image).item() == pytest.approx(0.5 + 0.25 + 1)


def test_the_latent_penalty_asks_for_mean_0_and_deviation_1() -> None:
    latents = torch.randn(8, 4, 32, 32, generator=seeded(0))
    assert latent_penalty(latents).item() < 1e-3
    assert latent_penalty(latents + 0.5).item() == pytest.approx(0.25, abs=0.02)
    assert latent_penalty(3 * latents).item() == pytest.approx(4, abs=0.1)


def test_psnr_is_the_mean_over_the_pictures() -> None:
    image = torch.zeros(2, 3, 4, 4)
    error = torch.tensor([0.2, 0.02])[:, None, None, None]
    assert psnr(image + error, image) == pytest.approx((20 + 40) / 2, abs=1e-3)
    assert psnr(image[0] + 0.2, image[0]) == pytest.approx(20, abs=1e-3)


def test_noise_and_signal_keep_the_variance() -> None:
    clean, noise = torch.randn(2, 64, 4, 16, 16, generator=seeded(0))
    levels = torch.full((64,), 0.3, dtype=torch.float64)
    noised = add_noise(clean, noise, levels)
    assert noised.var().item() == pytest.approx(1, abs=0.02)
    assert torch.allclose(noised, 0.3**0.5 * clean + 0.7**0.5 * noise, atol=1e-6)


def test_min_snr_weights_bound_the_clean_steps() -> None:
    levels = signal_levels(EMOJI_DIT.noise)
    weights = min_snr_weights(levels, 5)
    snr = levels / (1 - levels)
    assert torch.all(weights[snr <= 5] == 1)
    assert weights[0].item() == pytest.approx(5 / snr[0].item())
    assert torch.all(weights.diff() >= 0)


def test_the_loss_weighs_rows() -> None:
    noise = torch.zeros(2, 4, 2, 2)
    prediction = torch.stack([torch.ones(4, 2, 2), 2 * torch.ones(4, 2, 2)])
    assert epsilon_loss(prediction, noise, torch.tensor([1.0, 0.5])).item() == pytest.approx((1 * 1 + 0.5 * 4) / 2)


def test_ddim_undoes_known_noise() -> None:
    clean, noise = torch.randn(2, 1, 4, 4, 4, generator=seeded(1))
    levels = signal_levels(EMOJI_DIT.noise)
    start = add_noise(clean, noise, levels[999:])
    trace = sample_ddim(
        lambda latents, *_: noise.expand(len(latents), -1, -1, -1), start, torch.tensor([0]), 1, EMOJI_DIT.noise, 5, 3.0
    )
    assert len(trace) == 5
    assert torch.allclose(trace[-1], clean, atol=1e-3)


def test_the_rate_cools_down_over_the_last_forty_percent() -> None:
    factor = cooldown(100, 0.4)
    assert [factor(0), factor(60), factor(80), factor(100)] == [1, 1, 0.5, 0]


def test_muon_has_the_block_matrices_and_adamw_the_rest() -> None:
    model = DiT(SMOKE.transformer)
    muon, adamw = transformer_optimizers(model, EMOJI_DIT.transformer_training)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    of_muon = {names[id(parameter)] for parameter in muon.param_groups[0]["params"]}
    of_adamw = {names[id(parameter)] for parameter in adamw.param_groups[0]["params"]}
    assert of_muon == {name for name in names.values() if name.startswith("blocks.") and name.endswith("weight")}
    assert of_muon | of_adamw == set(names.values())
    assert not of_muon & of_adamw
    assert (muon.param_groups[0]["lr"], adamw.param_groups[0]["lr"]) == (2e-3, 1e-3)


def test_a_tenth_of_the_labels_is_dropped() -> None:
    training = replace(SMOKE.transformer_training, batch_size=10_000)
    recipe = replace(SMOKE, transformer_training=training)
    latents, ids = torch.zeros(2, 3, 4, 16, 16, dtype=torch.float16), torch.tensor([0, 1, 2])
    batch, labels = draw_batch(latents, ids, recipe, seeded(0))
    assert (batch.shape, batch.dtype) == ((10_000, 4, 16, 16), torch.float32)
    assert (labels == SMOKE.transformer.num_classes).float().mean().item() == pytest.approx(0.1, abs=0.01)
    assert set(labels.tolist()) == {0, 1, 2, SMOKE.transformer.num_classes}
