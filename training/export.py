"""Write the model folder: `python -m training.export --run FOLDER [--recipe emoji-dit] --out MODEL`.

Reads FOLDER/pictures (class table, attributions) and both weights; MODEL gets the layout of models/emoji-dit.
"""

import json
import logging
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from safetensors.torch import save_file
from torch import nn

from training.autoencoder import Autoencoder
from training.card import card
from training.command import command_parser, read_command
from training.dataset import Pictures, load_pictures
from training.recipe import Recipe
from training.run_files import AUTOENCODER, TRANSFORMER, load_module
from training.transformer import DiT

OPSET = 18
"""Of the ONNX files; onnxruntime-web and every onnxruntime since 1.14 know it."""


def export(recipe: Recipe, pictures: Pictures, run: Path, out: Path) -> None:
    """Write the folder beside its place, then move it there, so that a half-written one never passes for a model."""
    unfinished = out.with_name(f"{out.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    autoencoder, transformer = Autoencoder(recipe.autoencoder), DiT(recipe.transformer)
    vae_facts = load_module(autoencoder, run / AUTOENCODER, "train_autoencoder")
    facts = load_module(transformer, run / TRANSFORMER, "train_transformer")

    write_json(unfinished / "model_index.json", model_index(recipe))
    write_json(unfinished / "classes.json", pictures.classes)
    write_json(unfinished / "scheduler/scheduler_config.json", scheduler_config(recipe))
    write_json(unfinished / "transformer/config.json", {"_class_name": "DiT", **asdict(recipe.transformer)})
    write_transformer(transformer, facts["steps"], unfinished / "transformer/diffusion_pytorch_model.safetensors")
    write_json(unfinished / "vae/config.json", vae_config(recipe, vae_facts["scaling_factor"]))
    write_autoencoder(autoencoder, unfinished / "vae")
    (unfinished / "CARD.md").write_text(card(recipe, pictures, vae_facts["psnr"]), encoding="utf-8")

    shutil.rmtree(out, ignore_errors=True)
    unfinished.replace(out)


def model_index(recipe: Recipe) -> dict[str, Any]:
    """What diffusers' pipelines keep in model_index.json, and the defaults of a run."""
    return {
        "_class_name": "DiTPipeline",
        "transformer": ["webdit", "DiT"],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "vae": ["onnxruntime", "decoder.onnx"],
        "classes": "classes.json",
        "defaults": {"num_inference_steps": recipe.inference_steps, "guidance_scale": recipe.guidance_scale},
    }


def scheduler_config(recipe: Recipe) -> dict[str, Any]:
    """The noise the model was trained on, and the sampler it is meant for."""
    return {
        "_class_name": "DDIMScheduler",
        **asdict(recipe.noise),
        "beta_schedule": "linear",
        "prediction_type": "epsilon",
        "timestep_spacing": "respaced",
        "clip_sample": False,
    }


def vae_config(recipe: Recipe, scaling_factor: float) -> dict[str, Any]:
    """How latents and pictures relate; the decoder takes latents divided by the scaling factor."""
    return {
        "_class_name": "WebDiTAutoencoder",
        "scaling_factor": scaling_factor,
        "latent_channels": recipe.autoencoder.latent_channels,
        "spatial_scale": recipe.autoencoder.spatial_scale,
        "image_range": [-1, 1],
        "decoder": "decoder.onnx",
        "encoder": "encoder.onnx",
    }


def write_transformer(model: DiT, steps: int, path: Path) -> None:
    """Write the weights in f16 under their original names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, path, metadata={"format": "pt", "names": "original DiT", "steps": str(steps)})


def write_autoencoder(model: Autoencoder, folder: Path) -> None:
    """Write decoder.onnx (`latent` -> `image`) and encoder.onnx (`image` -> `latent`), for any batch size, in f32."""
    config = model.config
    latent = torch.zeros(2, config.latent_channels, config.latent_size, config.latent_size)
    image = torch.zeros(2, 3, config.image_size, config.image_size)
    write_onnx(model.decoder, latent, "latent", "image", folder / "decoder.onnx")
    write_onnx(model.encoder, image, "image", "latent", folder / "encoder.onnx")


def write_onnx(module: nn.Module, example: torch.Tensor, name_in: str, name_out: str, path: Path) -> None:
    """Write one module of one input and one output, whose first dimension is free."""
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("torch.onnx").setLevel(
        logging.ERROR
    )  # it warns that torchvision, which nothing here uses, is absent
    program = torch.onnx.export(
        module.eval(),
        (example,),
        input_names=[name_in],
        output_names=[name_out],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        opset_version=OPSET,
        verbose=False,
    )
    assert program is not None
    ClearMetadataAndDocStringPass()(program.model)  # stack traces, with paths of this machine
    program.save(path)


def write_json(path: Path, value: object) -> None:
    """Write JSON as the bundled model has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    parser = command_parser("Write the model folder of a finished run.")
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL")
    values = parser.parse_args()
    command = read_command(values)
    export(command.recipe, load_pictures(command.run / "pictures"), command.run, values.out)
