"""Every number of the recipe: emoji-dit as its model card has it, and a small copy of it for the smoke run.

Where models/emoji-dit/CARD.md says nothing, the value is ours and the comment says "ours".
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class AutoencoderConfig:
    """A convolutional autoencoder, 4 x down; pictures [-1, 1], latents unbounded."""

    image_size: int = 64
    latent_channels: int = 4
    fine_width: int = 64
    """Channels at half the picture's size."""
    coarse_width: int = 128
    """Channels at the latents' size."""
    norm_groups: int = 8

    @property
    def latent_size(self) -> int:
        """Height and width of the latents."""
        return self.image_size // self.spatial_scale

    @property
    def spatial_scale(self) -> int:
        """Pixels per latent pixel, along each side; fixed by the architecture."""
        return 4


@dataclass(frozen=True)
class TransformerConfig:
    """Constructor arguments of the original DiT; the field names are the keys of transformer/config.json."""

    input_size: int = 16
    patch_size: int = 2
    in_channels: int = 4
    hidden_size: int = 256
    depth: int = 8
    num_heads: int = 4
    mlp_ratio: float = 4.0
    num_classes: int = 1008
    learn_sigma: bool = False
    frequency_embedding_size: int = 256
    norm_eps: float = 1e-6

    @property
    def out_channels(self) -> int:
        """Channels it predicts: those of the latents, and with learned sigma as many again."""
        return 2 * self.in_channels if self.learn_sigma else self.in_channels


@dataclass(frozen=True)
class NoiseSchedule:
    """DDPM's forward process; the field names are the keys of scheduler/scheduler_config.json."""

    num_train_timesteps: int = 1000
    beta_start: float = 1e-4
    beta_end: float = 0.02


@dataclass(frozen=True)
class AutoencoderTraining:
    """How the autoencoder is trained; the loss is L1 + MSE + L1 of the picture's gradients."""

    steps: int = 2100
    batch_size: int = 48
    learning_rate: float = 2e-3
    """Of AdamW; ours."""
    latent_penalty: float = 0.1
    """Weight of what pulls the latents' channels to mean 0 and deviation 1; ours. The card does not name it, but the
    bundled encoder gives 0.01 and 1.02 in each of the four, which the loss it names does not ask for."""
    cooldown: float = 0.4
    """Share of the steps, at the end, over which the rate falls linearly to 0; ours, as for the transformer."""
    seed: int = 0


@dataclass(frozen=True)
class TransformerTraining:
    """How the transformer is trained: epsilon MSE with min-SNR weights."""

    steps: int = 4406
    batch_size: int = 128
    augmented_copies: int = 16
    """Latents of every picture, encoded once; one of them is drawn at random."""
    label_dropout: float = 0.1
    """Share of the rows that see the null class, for classifier-free guidance."""
    min_snr_gamma: float = 5.0
    muon_learning_rate: float = 2e-3
    """For the matrices of the blocks, scaled to the update size of AdamW ("match_rms_adamw", ours)."""
    adamw_learning_rate: float = 1e-3
    """For everything else."""
    cooldown: float = 0.4
    ema_decay: float = 0.9995
    bf16: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Recipe:
    """All that makes a model folder out of pictures."""

    name: str
    autoencoder: AutoencoderConfig
    autoencoder_training: AutoencoderTraining
    transformer: TransformerConfig
    transformer_training: TransformerTraining
    noise: NoiseSchedule = NoiseSchedule()
    guidance_scale: float = 3.0
    inference_steps: int = 50
    labels: tuple[str, ...] | None = None
    """Only these emoji; None takes all 1008."""


EMOJI_DIT = Recipe(
    name="emoji-dit",
    autoencoder=AutoencoderConfig(),
    autoencoder_training=AutoencoderTraining(),
    transformer=TransformerConfig(),
    transformer_training=TransformerTraining(),
)

SMOKE_LABELS = ("grinning face", "cat face", "red apple", "pizza", "sun", "red heart", "green heart", "balloon")

SMOKE = Recipe(
    name="emoji-dit-smoke",
    autoencoder=AutoencoderConfig(fine_width=16, coarse_width=32),
    autoencoder_training=AutoencoderTraining(steps=150, batch_size=16, learning_rate=4e-3),
    transformer=TransformerConfig(hidden_size=128, depth=4, num_classes=len(SMOKE_LABELS)),
    transformer_training=TransformerTraining(steps=200, batch_size=48, augmented_copies=8, ema_decay=0.98, bf16=False),
    inference_steps=20,
    labels=SMOKE_LABELS,
)
"""Two minutes on two cores: proves that every script runs and that the parts fit. Its pictures are blobs."""

RECIPES = {recipe.name: recipe for recipe in (EMOJI_DIT, SMOKE)}
