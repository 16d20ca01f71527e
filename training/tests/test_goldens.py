"""The bundled weights in this recipe's modules reproduce the golden runs, so the recipe trains what WebDiT runs."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from training.autoencoder import Decoder, Encoder, psnr
from training.diffusion import respaced_timesteps, sample_ddim
from training.recipe import EMOJI_DIT
from training.run_files import seeded
from training.tests.bundled import MODEL, ROOT, load_onnx, read_json, transformer

FOLDER = ROOT / "goldens/emoji-dit"
GOLDEN = read_json(FOLDER / "golden.json")
CASES: list[dict[str, Any]] = GOLDEN["cases"]
STEPS = 50

per_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


@pytest.fixture(scope="module")
def tensors() -> dict[str, Tensor]:
    return load_file(FOLDER / "golden.safetensors")


@pytest.fixture(scope="module")
def traces(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Latents `[steps, 4, 16, 16]` after every step, all cases in one batch."""
    (guidance,) = {case["guidance_scale"] for case in CASES}
    init = torch.cat([tensors[case["init"]] for case in CASES])
    labels = torch.tensor([case["class_label"] for case in CASES])
    null = EMOJI_DIT.transformer.num_classes
    trace = torch.stack(sample_ddim(transformer(), init, labels, null, EMOJI_DIT.noise, STEPS, guidance))
    return {case["name"]: trace[:, row] for row, case in enumerate(CASES)}


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    half = Decoder(EMOJI_DIT.autoencoder)
    load_onnx(half, MODEL / "vae/decoder.onnx")
    return half.eval()


def relative_error(value: Tensor, expected: Tensor) -> float:
    return float((value - expected).norm() / expected.norm())


@per_case
def test_sampling_reproduces_the_golden_latents(
    case: dict[str, Any], tensors: dict[str, Tensor], traces: dict[str, Tensor]
) -> None:
    assert respaced_timesteps(STEPS, EMOJI_DIT.noise.num_train_timesteps) == case["timesteps"]
    trace, expected = traces[case["name"]], tensors[case["expected_latents"]]
    assert len(expected) == STEPS
    errors = [relative_error(after, golden) for after, golden in zip(trace, expected, strict=True)]
    # Measured: 1.5e-6. The golden's own target, 1e-3, is for every runtime.
    assert max(errors) < 1e-5 < GOLDEN["targets"]["latents"]


@per_case
def test_seeds_give_the_golden_noise(case: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    assert torch.equal(torch.randn(1, 4, 16, 16, generator=seeded(case["seed"])), tensors[case["init"]])


@per_case
@torch.no_grad()
def test_the_decoder_reproduces_the_golden_picture(
    case: dict[str, Any], tensors: dict[str, Tensor], decoder: Decoder
) -> None:
    factor = read_json(MODEL / "vae/config.json")["scaling_factor"]
    picture = decoder(tensors[case["expected_latents"]][-1:] / factor)
    assert relative_error(picture, tensors[case["expected_image"]]) < 1e-5
    pixels = (127.5 * (picture[0] + 1)).clamp(0, 255).round().permute(1, 2, 0).int()
    drawn = torch.from_numpy(np.array(Image.open(FOLDER / case["png"]).convert("RGB"))).int()
    assert (pixels - drawn).abs().max() <= 1


@torch.no_grad()
def test_the_encoder_reads_back_what_the_decoder_drew(tensors: dict[str, Tensor], decoder: Decoder) -> None:
    encoder = Encoder(EMOJI_DIT.autoencoder)
    load_onnx(encoder, MODEL / "vae/encoder.onnx")
    picture = tensors["pizza_image"].clamp(-1, 1)
    assert psnr(decoder(encoder(picture)), picture) > 35  # measured: 40 dB
