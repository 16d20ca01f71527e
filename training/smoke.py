"""The whole recipe in two minutes: `python -m training.smoke [FOLDER]`, by default .cache/training/smoke.

Renders a few emoji, trains a small autoencoder and a small transformer, exports them, and has WebDiT inspect the folder
and paint from it. Ends with an error unless both losses halve and WebDiT paints what PyTorch paints.
"""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from training.autoencoder import Autoencoder, psnr
from training.dataset import load_pictures
from training.diffusion import sample_ddim
from training.export import export
from training.progress import say
from training.recipe import SMOKE, SMOKE_LABELS
from training.run_files import AUTOENCODER, load_module, seeded
from training.train_autoencoder import train_autoencoder
from training.train_transformer import train_transformer
from training.transformer import DiT

ROOT = Path(__file__).parents[1]
LABEL = "red heart"
STEPS = 8
SEED = 7


@dataclass(frozen=True)
class SmokeResult:
    """What came out, for the verdict and for tests."""

    model: Path
    """The exported folder."""
    inspection: str
    """What `webdit inspect` printed."""
    autoencoder_losses: list[float]
    transformer_losses: list[float]
    latents_error: float
    """||WebDiT - PyTorch|| / ||PyTorch|| of the final latents."""
    picture_psnr: float
    """WebDiT's picture against PyTorch's, in dB."""
    picture_spread: float
    """Standard deviation of WebDiT's picture, of 255; 0 is one colour."""
    minutes: float

    def problems(self) -> list[str]:
        """What is wrong, one sentence each; empty when the run is in order."""
        checks = {
            "The autoencoder's loss did not halve.": halved(self.autoencoder_losses),
            "The transformer's loss did not halve.": halved(self.transformer_losses),
            f"WebDiT's latents differ from PyTorch's by {self.latents_error:.2g}.": self.latents_error < 1e-3,
            f"WebDiT's picture is {self.picture_psnr:.1f} dB from PyTorch's.": self.picture_psnr > 45,
            "WebDiT's picture is of one colour.": self.picture_spread > 5,
        }
        return [sentence for sentence, passed in checks.items() if not passed]


def halved(losses: list[float]) -> bool:
    """Whether the mean of the last tenth is below half of the first tenth's."""
    tenth = max(1, len(losses) // 10)
    return sum(losses[-tenth:]) < 0.5 * sum(losses[:tenth])


def smoke(run: Path) -> SmokeResult:
    """Run the smoke recipe in a folder, from nothing."""
    began = time.monotonic()
    shutil.rmtree(run, ignore_errors=True)
    names = [word for label in SMOKE_LABELS for word in ("--label", label)]
    execute("node", "training/pictures/render.mjs", "--out", str(run / "pictures"), *names)
    pictures = load_pictures(run / "pictures")
    autoencoder_losses = train_autoencoder(SMOKE, pictures, run)
    transformer_losses = train_transformer(SMOKE, pictures, run)
    model = run / SMOKE.name
    export(SMOKE, pictures, run, model)

    inspection = webdit("inspect", str(model))
    picture_file, latents_file = run / "webdit.png", run / "webdit.safetensors"
    choices = ["--label", LABEL, "--steps", str(STEPS), "--seed", str(SEED), "--math", "f32"]
    outputs = ["--out", str(picture_file), "--latents-out", str(latents_file)]
    say(webdit("generate", "--model", str(model), *choices, *outputs).strip())

    label = next(entry["id"] for entry in pictures.classes if entry["label"] == LABEL)
    expected_latents, expected_picture = paint(run, model, label)
    latents = load_file(latents_file)["latents"].view_as(expected_latents)
    pixels = torch.from_numpy(np.array(Image.open(picture_file).convert("RGB"))).permute(2, 0, 1)
    return SmokeResult(
        model=model,
        inspection=inspection,
        autoencoder_losses=autoencoder_losses,
        transformer_losses=transformer_losses,
        latents_error=((latents - expected_latents).norm() / expected_latents.norm()).item(),
        picture_psnr=psnr(pixels / 127.5 - 1, expected_picture),
        picture_spread=pixels.float().std().item(),
        minutes=(time.monotonic() - began) / 60,
    )


@torch.no_grad()
def paint(run: Path, model: Path, label: int) -> tuple[Tensor, Tensor]:
    """What PyTorch paints with the exported weights: latents `[1, 4, size, size]`, picture `[3, h, w]` in [-1, 1]."""
    transformer = DiT(SMOKE.transformer)
    weights = load_file(model / "transformer/diffusion_pytorch_model.safetensors")
    transformer.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    autoencoder = Autoencoder(SMOKE.autoencoder)
    factor = float(load_module(autoencoder, run / AUTOENCODER, "train_autoencoder")["scaling_factor"])
    size, null = SMOKE.transformer.input_size, SMOKE.transformer.num_classes
    noise = torch.randn(1, SMOKE.transformer.in_channels, size, size, generator=seeded(SEED))
    trace = sample_ddim(
        transformer.eval(), noise, torch.tensor([label]), null, SMOKE.noise, STEPS, SMOKE.guidance_scale
    )
    return trace[-1], autoencoder.decoder(trace[-1] / factor)[0].clamp(-1, 1)


def webdit(*arguments: str) -> str:
    """Run WebDiT's command line and give what it printed."""
    return execute("npm", "run", "-s", "webdit", "--", *arguments)


def execute(program: str, *arguments: str) -> str:
    """Run a program at the root of the repository; its errors go to stderr, and end this run."""
    path = shutil.which(program)
    if path is None:
        raise SystemExit(f"{program} is not on the PATH. Install Node 20 and npm.")
    finished = subprocess.run([path, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if finished.returncode != 0:
        raise SystemExit(f"{program} {' '.join(arguments[:4])} failed (exit code {finished.returncode}).")
    return finished.stdout


if __name__ == "__main__":
    result = smoke(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".cache/training/smoke").resolve())
    for problem in result.problems():
        say(problem)
    say(
        f"{result.minutes:.1f} min; WebDiT against PyTorch: latents {result.latents_error:.1e}, "
        f"picture {result.picture_psnr:.1f} dB. The folder is {result.model}"
    )
    sys.exit(1 if result.problems() else 0)
