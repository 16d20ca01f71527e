"""The model card of an exported folder: what it is, and whose pictures it was trained on."""

from training.dataset import Pictures
from training.recipe import Recipe

TERMS = "weights may be passed on under CC-BY-4.0 with the attributions above"


def card(recipe: Recipe, pictures: Pictures, reconstruction_psnr: float) -> str:
    """CARD.md, as Markdown."""
    dit, training, autoencoder = recipe.transformer, recipe.transformer_training, recipe.autoencoder_training
    size, latent = recipe.autoencoder.image_size, dit.input_size
    sets = "; ".join(f"{s['name']} {s['version']} ({s['licence']}, {s['author']}, {s['url']})" for s in pictures.sets)
    rows = {
        "transformer": f"original DiT: width {dit.hidden_size}, depth {dit.depth}, {dit.num_heads} heads, patch "
        f"{dit.patch_size} on a {latent} x {latent} x {dit.in_channels} latent; epsilon prediction; null class "
        f"{dit.num_classes}; f16 weights",
        "sampler": f"{recipe.noise.num_train_timesteps} linear betas {recipe.noise.beta_start} to "
        f"{recipe.noise.beta_end}; respaced timesteps; DDIM eta 0; guidance {recipe.guidance_scale:g} on all channels",
        "autoencoder": f"convolutional, {recipe.autoencoder.spatial_scale} x down; reconstruction "
        f"{reconstruction_psnr:.1f} dB PSNR",
        "classes": f"{dit.num_classes}, `classes.json` (from emojibase, MIT)",
        "data": f"{len(pictures)} pictures rendered at {pictures.images.shape[-1]} px from emoji sets on Iconify: "
        f"{sets}",
        "training": f"autoencoder: {autoencoder.steps} steps of {autoencoder.batch_size}; transformer: "
        f"{training.steps} steps of {training.batch_size}, EMA {training.ema_decay}; recipe `{recipe.name}` of "
        "WebDiT's `training/`",
        "terms": TERMS,
    }
    table = "\n".join(f"| {part} | {facts} |" for part, facts in rows.items())
    return (
        f"# {recipe.name}\n\nA class-conditional diffusion transformer: {dit.num_classes} classes, {size} x {size} RGB "
        f"pictures on white.\n\n| part | facts |\n|---|---|\n{table}\n"
    )
