"""Train the autoencoder: `python -m training.train_autoencoder --run FOLDER [--recipe emoji-dit]`.

Reads FOLDER/pictures, writes FOLDER/autoencoder.safetensors and FOLDER/reconstructions.png (originals above).
"""

from pathlib import Path

import torch
from torch import Tensor

from training.autoencoder import Autoencoder, latent_penalty, psnr, reconstruction_loss
from training.command import command_parser, read_command
from training.dataset import Pictures, augment, load_pictures
from training.optimizers import schedulers
from training.progress import Progress, say
from training.recipe import Recipe
from training.run_files import AUTOENCODER, save_module, seeded
from training.sheet import sheet


def train_autoencoder(recipe: Recipe, pictures: Pictures, run: Path) -> list[float]:
    """Train on augmented pictures, save the weights with their scaling factor, and give the losses of all steps."""
    training, config = recipe.autoencoder_training, recipe.autoencoder
    torch.manual_seed(training.seed)
    generator = seeded(training.seed)
    model = Autoencoder(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=training.learning_rate, weight_decay=0)
    (scheduler,) = schedulers([optimizer], training.steps, training.cooldown)
    progress = Progress("autoencoder", training.steps)
    for _ in range(training.steps):
        chosen = torch.randint(len(pictures), (training.batch_size,), generator=generator)
        batch = augment(pictures.images[chosen], pictures.may_mirror[chosen], config.image_size, generator)
        latents = model.encoder(batch)
        loss = reconstruction_loss(model.decoder(latents), batch) + training.latent_penalty * latent_penalty(latents)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        progress.step(loss.item())

    model.eval()
    latents, quality, shown = measure(model, pictures, generator)
    factor = 1 / latents.std().item()
    say(f"autoencoder: {quality:.1f} dB, scaling factor {factor:.4f}")
    facts = {"recipe": recipe.name, "steps": training.steps, "psnr": quality, "scaling_factor": factor}
    save_module(model, run / AUTOENCODER, facts)
    sheet(shown, columns=len(shown) // 2).save(run / "reconstructions.png")
    return progress.losses


@torch.no_grad()
def measure(model: Autoencoder, pictures: Pictures, generator: torch.Generator) -> tuple[Tensor, float, Tensor]:
    """Encode and decode one augmented copy of every picture.

    Returns:
        The latents `[count, 4, size, size]`, the PSNR in dB, and 16 pictures followed by their reconstructions.
    """
    latents, qualities, shown = [], [], []
    every = max(1, len(pictures) // 16)
    for start in range(0, len(pictures), 64):
        chosen = slice(start, start + 64)
        batch = augment(pictures.images[chosen], pictures.may_mirror[chosen], model.config.image_size, generator)
        codes = model.encoder(batch)
        copies = model.decoder(codes)
        latents.append(codes)
        qualities.append(psnr(copies, batch) * len(batch))
        shown += [torch.stack([batch[i], copies[i]]) for i in range(len(batch)) if (start + i) % every == 0]
    pairs = torch.stack(shown[:16], dim=1)
    return torch.cat(latents), sum(qualities) / len(pictures), pairs.flatten(0, 1)


if __name__ == "__main__":
    command = read_command(command_parser("Train the autoencoder on FOLDER/pictures.").parse_args())
    train_autoencoder(command.recipe, load_pictures(command.run / "pictures"), command.run)
