"""What the recipe writes has the layout of the bundled model: names, shapes, configs, ONNX graphs."""

import json
import subprocess
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from safetensors import safe_open
from torch import nn

from training.autoencoder import Autoencoder
from training.dataset import Pictures
from training.export import export, scheduler_config, write_autoencoder
from training.recipe import EMOJI_DIT, SMOKE, Recipe
from training.run_files import AUTOENCODER, TRANSFORMER, save_module
from training.tests.bundled import MODEL, ROOT, checkpoint, read_json
from training.transformer import DiT

WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"
ADDED_BY_WEBDIT = ("manifest.json", "vae/preview.json", "schedules/", "calibration/")
"""What `webdit manifest`, `webdit fit-preview`, `webdit search` and `webdit calibrate` write."""


def files(folder: Path) -> set[str]:
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {path for path in paths if not path.startswith(ADDED_BY_WEBDIT)}


def export_untrained(recipe: Recipe, folder: Path) -> Path:
    """A folder of first weights, and a table of classes without pictures."""
    classes = [{"id": i, "label": f"class {i}"} for i in range(recipe.transformer.num_classes)]
    nothing = torch.zeros(0)
    pictures = Pictures(torch.zeros(0, 3, 8, 8), nothing, nothing, nothing, classes, sets=[])
    save_module(Autoencoder(recipe.autoencoder), folder / AUTOENCODER, {"psnr": 30.0, "scaling_factor": 0.5})
    save_module(DiT(recipe.transformer), folder / TRANSFORMER, {"steps": 12})
    export(recipe, pictures, folder, folder / "model")
    return folder / "model"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_untrained(EMOJI_DIT, tmp_path_factory.mktemp("run"))


def test_the_transformer_has_the_bundled_names_shapes_and_size() -> None:
    ours = {name: tuple(tensor.shape) for name, tensor in DiT(EMOJI_DIT.transformer).state_dict().items()}
    bundled = checkpoint()
    assert ours == {name: tuple(tensor.shape) for name, tensor in bundled.items()}
    assert sum(int(np.prod(shape)) for shape in ours.values()) == 10_014_224


def test_the_position_table_is_the_bundled_one() -> None:
    assert torch.equal(DiT(EMOJI_DIT.transformer).pos_embed.half(), checkpoint()["pos_embed"])


def test_an_untrained_transformer_predicts_nothing() -> None:
    latents = torch.randn(2, 4, 16, 16)
    prediction = DiT(SMOKE.transformer)(latents, torch.tensor([0, 999]), torch.tensor([0, 8]))
    assert torch.equal(prediction, torch.zeros_like(latents))


def test_the_exported_folder_has_the_bundled_files_and_configs(exported: Path) -> None:
    assert files(exported) == files(MODEL)
    for path in ("transformer/config.json", "scheduler/scheduler_config.json"):
        assert (exported / path).read_text() == (MODEL / path).read_text()
    index, bundled_index = read_json(exported / "model_index.json"), read_json(MODEL / "model_index.json")
    for added in ("schedules", "calibrations"):
        bundled_index.pop(added)
    assert index == bundled_index
    vae, bundled_vae = read_json(exported / "vae/config.json"), read_json(MODEL / "vae/config.json")
    bundled_vae.pop("preview")
    assert vae == {**bundled_vae, "scaling_factor": 0.5}


def test_the_exported_checkpoint_is_like_the_bundled_one(exported: Path) -> None:
    with safe_open(exported / WEIGHTS, "pt") as ours, safe_open(MODEL / WEIGHTS, "pt") as bundled:
        assert ours.metadata() == {**bundled.metadata(), "steps": "12"}
        assert list(ours.keys()) == list(bundled.keys())
        for name in ours.keys():  # noqa: SIM118 - not a dict
            here, there = ours.get_slice(name), bundled.get_slice(name)
            assert (
                (here.get_dtype(), here.get_shape())
                == (there.get_dtype(), there.get_shape())
                == ("F16", here.get_shape())
            )


@pytest.mark.parametrize("half", ["decoder", "encoder"])
def test_the_exported_autoencoder_is_the_bundled_graph(half: str, exported: Path) -> None:
    ours, bundled = (onnx.load(folder / f"vae/{half}.onnx") for folder in (exported, MODEL))
    onnx.checker.check_model(ours, full_check=True)
    assert Counter(node.op_type for node in ours.graph.node) == Counter(node.op_type for node in bundled.graph.node)
    assert weights(ours) == weights(bundled)
    assert ends(ours) == ends(bundled)
    assert [version.version for version in ours.opset_import] == [version.version for version in bundled.opset_import]


def weights(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    return {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer if tensor.name.startswith("net.")}


def ends(model: onnx.ModelProto) -> list[tuple[str, list[str | int]]]:
    """Names and sizes of inputs and outputs."""
    values = [*model.graph.input, *model.graph.output]
    return [(v.name, [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]) for v in values]


def test_the_exported_files_name_no_path_of_this_machine(exported: Path) -> None:
    for path in files(exported):
        content = (exported / path).read_bytes()
        assert str(ROOT).encode() not in content, path
        assert torch.__file__.encode() not in content, path


@torch.no_grad()
def test_the_onnx_files_compute_what_the_modules_compute(tmp_path: Path) -> None:
    model = Autoencoder(replace(SMOKE.autoencoder, image_size=32)).eval()
    for module in model.modules():
        if isinstance(module, nn.GroupNorm):  # their first weights, 1 and 0, would hide a mix-up
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    write_autoencoder(model, tmp_path)
    image = torch.rand(3, 3, 32, 32) * 2 - 1
    (latent,) = ReferenceEvaluator(str(tmp_path / "encoder.onnx")).run(None, {"image": image.numpy()})
    (again,) = ReferenceEvaluator(str(tmp_path / "decoder.onnx")).run(None, {"latent": latent})
    assert np.allclose(latent, model.encoder(image).numpy(), atol=1e-4)
    assert np.allclose(again, model(image).numpy(), atol=1e-4)


def test_the_class_table_is_the_bundled_one() -> None:
    script = (
        "import { classTable } from './training/pictures/classes.mjs';"
        "import { requirePackages } from './training/pictures/packages.mjs';"
        "process.stdout.write(JSON.stringify(classTable(requirePackages())));"
    )
    command = ["node", "--input-type=module", "-e", script]
    printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert json.loads(printed) == json.loads((MODEL / "classes.json").read_text())


def test_the_scheduler_config_names_every_number_of_the_noise() -> None:
    assert asdict(EMOJI_DIT.noise).items() <= scheduler_config(EMOJI_DIT).items()
