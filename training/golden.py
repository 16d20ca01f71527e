"""What PyTorch predicts with a model's weights: `python -m training.golden --model MODEL --out FOLDER`.

MODEL is a native model folder of any size, one of `webdit synth` for example. FOLDER becomes a golden folder with one
forward of two rows, noise of a seed at the first and at a middle timestep, in f32 on the CPU: `webdit verify FOLDER`
holds WebDiT to it.
"""

import argparse
import json
import os
from dataclasses import fields
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from training.recipe import TransformerConfig
from training.run_files import seeded
from training.transformer import DiT

TARGET = 2e-3
"""Largest relative error of the forward: that of half-precision weights multiplied in f32."""
TIMESTEPS = (999, 500)
NOT_OF_THE_FORWARD = {"class_dropout_prob", "guidance_channels"}
"""Keys of training and guidance."""


def read_config(path: Path) -> TransformerConfig:
    """The config of a native model folder; a key that changes the forward and is not implemented here is refused."""
    config = {name: value for name, value in json.loads(path.read_text()).items() if value is not None}
    known = {field.name for field in fields(TransformerConfig)}
    unknown = [name for name in config if name not in known | NOT_OF_THE_FORWARD and not name.startswith("_")]
    if unknown:
        raise SystemExit(f"{path} has the key {unknown[0]}, which this script does not implement. Use an original DiT.")
    return TransformerConfig(**{name: value for name, value in config.items() if name in known})


def load_transformer(folder: Path) -> DiT:
    """The transformer of a native model folder in f32; positions that the file leaves out are computed."""
    model = DiT(read_config(folder / "config.json"))
    state = {name: tensor.float() for name, tensor in load_file(folder / "diffusion_pytorch_model.safetensors").items()}
    model.load_state_dict({"pos_embed": model.pos_embed} | state)
    return model.eval()


def write_golden(model: Path, out: Path, seed: int = 0) -> None:
    """Write the golden folder `out` of the model folder `model`."""
    transformer = load_transformer(model / "transformer")
    config = transformer.config
    shape = (len(TIMESTEPS), config.in_channels, config.input_size, config.input_size)
    sample = torch.randn(shape, generator=seeded(seed))
    timestep = torch.tensor(TIMESTEPS)
    labels = torch.tensor([7 % config.num_classes, config.num_classes])
    with torch.no_grad():
        expected = transformer(sample, timestep, labels)
    out.mkdir(parents=True, exist_ok=True)
    tensors = {"sample": sample, "timestep": timestep, "class_labels": labels, "expected": expected}
    save_file(tensors, out / "golden.safetensors")
    case = {"name": "forward", "type": "forward"} | {name: name for name in tensors}
    golden = {
        "format": "webdit-golden/1",
        "kind": "dit",
        "model": os.path.relpath(model, out),
        "reference": f"PyTorch {torch.__version__}, f32 on the CPU, training/golden.py",
        "targets": {"forward": TARGET},
        "cases": [case],
    }
    (out / "golden.json").write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a golden folder of a model's forward.")
    parser.add_argument("--model", type=Path, required=True, metavar="MODEL")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=0)
    values = parser.parse_args()
    write_golden(values.model, values.out, values.seed)
