"""Pictures side by side. As a script, the rendered ones: `python -m training.sheet FOLDER/pictures OUT.png [NAME...]`.

One row per class, one column per emoji set.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from training.dataset import load_pictures

GAP = 4
"""White pixels around every picture."""


def sheet(pictures: Tensor, columns: int) -> Image.Image:
    """A grid of `[count, 3, size, size]` pictures in [-1, 1], row by row."""
    padded = F.pad(pictures.clamp(-1, 1), (GAP, GAP, GAP, GAP), value=1)
    missing = -len(padded) % columns
    padded = torch.cat([padded, torch.ones(missing, *padded.shape[1:])])
    rows = [torch.cat(list(row), dim=2) for row in padded.split(columns)]
    pixels = (127.5 * (torch.cat(rows, dim=1) + 1)).round().byte()
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())


def rendered_sheet(folder: Path, names: list[str]) -> Image.Image:
    """The rendered pictures of some classes, all when there are no names; sets that lack one leave it white."""
    pictures = load_pictures(folder)
    labels = [entry["label"] for entry in pictures.classes]
    ids = [labels.index(name) for name in names] if names else list(range(len(labels)))
    size = pictures.images.shape[-1]
    grid = torch.ones(len(ids), len(pictures.sets), 3, size, size)
    for image, id_, column in zip(pictures.images, pictures.ids.tolist(), pictures.set_numbers.tolist(), strict=True):
        if id_ in ids:
            grid[ids.index(id_), column] = image.float() / 127.5 - 1
    return sheet(grid.flatten(0, 1), len(pictures.sets))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit("Usage: python -m training.sheet FOLDER/pictures OUT.png [NAME...]")
    rendered_sheet(Path(sys.argv[1]), sys.argv[3:]).save(sys.argv[2])
