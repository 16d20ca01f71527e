"""The golden of a forward is what the bundled model predicts."""

import json
import shutil
from pathlib import Path

import pytest
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


@pytest.mark.parametrize("key", ["timestep_divisor", "mlp_norm_eps", "embedders_per_block"])
def test_a_key_that_it_does_not_implement_is_refused(key: str, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL / "transformer", model / "transformer")
    path = model / "transformer/config.json"
    path.write_text(json.dumps(read_json(path) | {key: 1, "class_dropout_prob": 0.1, "_note": "", "guidance": None}))
    with pytest.raises(SystemExit, match=f"config.json has the key {key}, which"):
        write_golden(model, tmp_path / "golden")
    assert not (tmp_path / "golden").exists()
