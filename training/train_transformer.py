"""Train the transformer: `python -m training.train_transformer --run FOLDER [--recipe emoji-dit]`.

Reads FOLDER/pictures and FOLDER/autoencoder.safetensors, writes FOLDER/transformer.safetensors (the averaged weights)
and FOLDER/samples.png.
"""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.autoencoder import Autoencoder, Encoder
from training.command import command_parser, read_command
from training.dataset import Pictures, augment, load_pictures
from training.diffusion import add_noise, epsilon_loss, min_snr_weights, sample_ddim, signal_levels
from training.optimizers import schedulers, transformer_optimizers
from training.progress import Progress, say
from training.recipe import Recipe
from training.run_files import AUTOENCODER, TRANSFORMER, load_module, save_module, seeded
from training.sheet import sheet
from training.transformer import DiT


def train_transformer(recipe: Recipe, pictures: Pictures, run: Path) -> list[float]:
    """Train on the latents of augmented pictures, save the averaged weights, and give the losses of all steps."""
    training, config = recipe.transformer_training, recipe.transformer
    if config.num_classes != len(pictures.classes):
        raise SystemExit(
            f"The recipe has {config.num_classes} classes, the pictures have {len(pictures.classes)}. "
            "Render them for this recipe."
        )
    autoencoder = Autoencoder(recipe.autoencoder)
    factor = float(load_module(autoencoder, run / AUTOENCODER, "train_autoencoder")["scaling_factor"])
    generator = seeded(training.seed)
    latents = encode_copies(autoencoder.encoder, factor, recipe, pictures, generator)

    torch.manual_seed(training.seed)
    model = DiT(config)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(training.ema_decay))
    optimizers = transformer_optimizers(model, training)
    rates = schedulers(optimizers, training.steps, training.cooldown)
    levels = signal_levels(recipe.noise)
    progress = Progress("transformer", training.steps)
    for _ in range(training.steps):
        clean, labels = draw_batch(latents, pictures.ids, recipe, generator)
        timesteps = torch.randint(len(levels), (len(clean),), generator=generator)
        noise = torch.randn(clean.shape, generator=generator)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=training.bf16):
            prediction = model(add_noise(clean, noise, levels[timesteps]), timesteps, labels)
        loss = epsilon_loss(prediction, noise, min_snr_weights(levels[timesteps], training.min_snr_gamma))
        model.zero_grad()
        loss.backward()
        for optimizer, rate in zip(optimizers, rates, strict=True):
            optimizer.step()
            rate.step()
        average.update_parameters(model)
        progress.step(loss.item())

    averaged = cast(DiT, average.module.eval())
    save_module(averaged, run / TRANSFORMER, {"recipe": recipe.name, "steps": training.steps})
    draw_samples(averaged, autoencoder, factor, recipe, run / "samples.png")
    return progress.losses


@torch.no_grad()
def encode_copies(
    encoder: Encoder, factor: float, recipe: Recipe, pictures: Pictures, generator: torch.Generator
) -> Tensor:
    """Scaled latents `[copies, count, 4, size, size]` in f16: every picture augmented `augmented_copies` times."""
    copies, size = recipe.transformer_training.augmented_copies, recipe.autoencoder.image_size
    say(f"transformer: encoding {copies} copies of {len(pictures)} pictures")
    rounds = []
    for _ in range(copies):
        parts = zip(pictures.images.split(64), pictures.may_mirror.split(64), strict=True)
        codes = [encoder(augment(images, mirror, size, generator)) for images, mirror in parts]
        rounds.append((torch.cat(codes) * factor).half())
    return torch.stack(rounds)


def draw_batch(latents: Tensor, ids: Tensor, recipe: Recipe, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random latents `[batch, 4, size, size]` in f32 and their labels `[batch]`, some of them dropped."""
    training = recipe.transformer_training
    copies, count = latents.shape[:2]
    copy = torch.randint(copies, (training.batch_size,), generator=generator)
    picture = torch.randint(count, (training.batch_size,), generator=generator)
    dropped = torch.rand(training.batch_size, generator=generator) < training.label_dropout
    return latents[copy, picture].float(), ids[picture].masked_fill(dropped, recipe.transformer.num_classes)


@torch.no_grad()
def draw_samples(model: DiT, autoencoder: Autoencoder, factor: float, recipe: Recipe, path: Path) -> None:
    """Paint 16 classes, or all of a smaller model, into one sheet."""
    classes = recipe.transformer.num_classes
    labels = torch.linspace(0, classes - 1, min(16, classes)).long()
    size = recipe.transformer.input_size
    noise = torch.randn(len(labels), recipe.transformer.in_channels, size, size, generator=seeded(0))
    trace = sample_ddim(model, noise, labels, classes, recipe.noise, recipe.inference_steps, recipe.guidance_scale)
    sheet(autoencoder.decoder(trace[-1] / factor), columns=8).save(path)


if __name__ == "__main__":
    command = read_command(
        command_parser("Train the transformer on FOLDER/pictures and FOLDER/autoencoder.safetensors.").parse_args()
    )
    train_transformer(command.recipe, load_pictures(command.run / "pictures"), command.run)
