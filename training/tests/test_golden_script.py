"""The golden of a forward is what the bundled model predicts."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from training.golden import TARGET, TIMESTEPS, write_golden
from training.tests.bundled import MODEL, read_json, transformer


def test_a_golden_folder_holds_the_forward_of_its_model(tmp_path: Path) -> None:
    write_golden(MODEL, tmp_path / "golden")
    golden = read_json(tmp_path / "golden/golden.json")
    assert (tmp_path / "golden" / golden["model"]).resolve() == MODEL
    assert golden["targets"] == {"forward": TARGET}
    tensors = load_file(tmp_path / "golden/golden.safetensors")
    assert tensors["timestep"].tolist() == list(TIMESTEPS)
    with torch.no_grad():
        expected = transformer()(tensors["sample"], tensors["timestep"], tensors["class_labels"])
    assert torch.equal(tensors["expected"], expected)
    assert 0.5 < expected.std().item() < 2
