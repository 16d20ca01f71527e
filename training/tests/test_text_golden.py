"""The golden of the text encoder is what transformers makes of its prompts."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from training.smoke import webdit
from training.tests.bundled import ROOT, read_json
from training.text_golden import SYNTH, write_text_golden

GOLDEN = ROOT / "goldens/text-tiny"


def test_the_golden_is_what_transformers_makes_of_its_prompts(tmp_path: Path) -> None:
    webdit("synth", SYNTH, str(tmp_path / "model"), "--dtype", "f32")
    write_text_golden(tmp_path / "model", tmp_path / "golden")
    made, kept = (read_json(folder / "golden.json") for folder in (tmp_path / "golden", GOLDEN))
    # The versions of what made it may be others.
    assert {**made, "reference": ""} == {**kept, "reference": ""}
    ours, theirs = (load_file(folder / "golden.safetensors") for folder in (tmp_path / "golden", GOLDEN))
    assert torch.equal(ours["input_ids"], theirs["input_ids"])
    assert torch.equal(ours["attention_mask"], theirs["attention_mask"])
    error = (ours["expected"] - theirs["expected"]).norm() / theirs["expected"].norm()
    assert error.item() < 1e-7
    assert 0.5 < theirs["expected"].std().item() < 2
    # One prompt is empty, one longer than what is read.
    counts = theirs["attention_mask"].sum(1).tolist()
    assert (min(counts), max(counts)) == (1, 120)
    assert 2 in theirs["input_ids"][3]
