"""The bundled model, read back into this recipe's modules."""

import json
from pathlib import Path
from typing import Any, cast

import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import load_file
from torch import Tensor, nn

from training.recipe import EMOJI_DIT
from training.transformer import DiT

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models/emoji-dit"


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file."""
    return cast(dict[str, Any], json.loads(path.read_text()))


def checkpoint() -> dict[str, Tensor]:
    """The transformer's tensors, as the file has them (f16)."""
    return load_file(MODEL / "transformer/diffusion_pytorch_model.safetensors")


def transformer() -> DiT:
    """The bundled transformer in f32."""
    model = DiT(EMOJI_DIT.transformer)
    model.load_state_dict({name: tensor.float() for name, tensor in checkpoint().items()})
    return model.eval()


def load_onnx(module: nn.Module, path: Path) -> None:
    """Fill a half of the autoencoder from its ONNX file.

    The file keeps the convolutions' tensors under their own names. GroupNorm became InstanceNormalization, Mul, Add;
    its weights are the constants of those two, in the order of the graph, which is that of the modules.
    """
    graph = onnx.load(path).graph
    tensors = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
    state = {name: tensor for name, tensor in tensors.items() if name.startswith("net.")}
    norms = [name for name, submodule in module.named_modules() if isinstance(submodule, nn.GroupNorm)]
    for kind, op in (("weight", "Mul"), ("bias", "Add")):
        constants = [tensors[n.input[1]] for n in graph.node if n.op_type == op and n.input[1] in tensors]
        for name, constant in zip(norms, constants, strict=True):
            state[f"{name}.{kind}"] = constant.flatten()
    module.load_state_dict(state)
