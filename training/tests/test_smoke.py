"""The whole recipe, small: from the emoji sets to a picture that WebDiT paints."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training.recipe import SMOKE, SMOKE_LABELS
from training.smoke import SmokeResult, smoke


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> SmokeResult:
    return smoke(tmp_path_factory.mktemp("smoke"))


def test_both_losses_fall_and_webdit_paints_what_pytorch_paints(result: SmokeResult) -> None:
    assert result.problems() == []


def test_webdit_inspects_the_folder(result: SmokeResult) -> None:
    facts = dict(line.split(maxsplit=1) for line in result.inspection.split("\n\n")[0].splitlines())
    assert facts["layout"] == "native"
    assert facts["weights"].endswith("mostly F16")
    assert facts["depth"] == str(SMOKE.transformer.depth)
    assert facts["classes"].startswith(f"{len(SMOKE_LABELS)}, 😀 grinning face")
    assert facts["vae"].startswith("vae/decoder.onnx, 4 x")


def test_the_latents_are_numbers(result: SmokeResult) -> None:
    latents = load_file(Path(result.model).parent / "webdit.safetensors")["latents"]
    assert torch.isfinite(latents).all()
    assert 0.1 < latents.std().item() < 10
