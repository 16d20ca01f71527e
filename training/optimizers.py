"""Muon and AdamW, side by side, and the rate's way down."""

from collections.abc import Callable, Iterable

from torch.optim import AdamW, Muon, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from training.recipe import TransformerTraining
from training.transformer import DiT


def transformer_optimizers(model: DiT, training: TransformerTraining) -> list[Optimizer]:
    """Muon for the matrices of the blocks, AdamW for embeddings, biases and the final layer; no weight decay (ours)."""
    matrices = [parameter for parameter in model.blocks.parameters() if parameter.ndim == 2]
    muon_ids = {id(parameter) for parameter in matrices}
    rest = [parameter for parameter in model.parameters() if id(parameter) not in muon_ids]
    return [
        Muon(matrices, lr=training.muon_learning_rate, weight_decay=0, adjust_lr_fn="match_rms_adamw"),
        AdamW(rest, lr=training.adamw_learning_rate, weight_decay=0),
    ]


def cooldown(steps: int, share: float) -> Callable[[int], float]:
    """Factor of the rate at a step: 1, then linearly to 0 over the last `share` of the steps."""
    return lambda step: min(1.0, (steps - step) / max(1.0, share * steps))


def schedulers(optimizers: Iterable[Optimizer], steps: int, share: float) -> list[LambdaLR]:
    """One cooldown per optimizer; call `step()` on each after every step."""
    return [LambdaLR(optimizer, cooldown(steps, share)) for optimizer in optimizers]
