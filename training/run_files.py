"""What the training scripts leave in a run's folder: weights, with the facts of their making. No pickles."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

AUTOENCODER = "autoencoder.safetensors"
TRANSFORMER = "transformer.safetensors"


def save_module(module: nn.Module, path: Path, facts: dict[str, Any]) -> None:
    """Write a module's f32 weights, and JSON facts beside them; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    tensors = {name: tensor.detach().contiguous() for name, tensor in module.state_dict().items()}
    save_file(tensors, unfinished, metadata={"facts": json.dumps(facts)})
    unfinished.replace(path)


def load_module(module: nn.Module, path: Path, made_by: str) -> dict[str, Any]:
    """Fill a module from a file of `save_module` and give its facts; `made_by` is the script that writes the file."""
    if not path.exists():
        raise SystemExit(f"{path} does not exist. Run python -m training.{made_by} first.")
    module.load_state_dict(load_file(path))
    module.eval()
    with safe_open(path, framework="pt") as file:
        facts: dict[str, Any] = json.loads(file.metadata()["facts"])
    return facts


def seeded(seed: int) -> torch.Generator:
    """A generator of the CPU, on which all randomness of the recipe is drawn."""
    return torch.Generator().manual_seed(seed)
