"""The rendered pictures, and their augmented copies."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

MIRRORED_GROUPS = ("animals-nature", "food-drink")
"""Groups whose pictures may be mirrored, and faces; letters, flags of ships and clocks may not."""

ZOOM = (0.85, 1.1)
"""Factors of the picture's size; ours."""
SHIFT = 0.06
"""Largest shift along each side, as a share of it; ours."""


@dataclass(frozen=True)
class Pictures:
    """The pictures of one `render.mjs` run."""

    images: Tensor
    """`[count, 3, size, size]`, uint8, size 128."""
    ids: Tensor
    """`[count]`, class ids."""
    set_numbers: Tensor
    """`[count]`, which of `sets` each comes from."""
    may_mirror: Tensor
    """`[count]`, bool."""
    classes: list[dict[str, Any]]
    """The class table, by id."""
    sets: list[dict[str, str]]
    """Facts of the emoji sets, for attributions."""

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.images)


def load_pictures(folder: Path) -> Pictures:
    """Read what `render.mjs` wrote."""
    index_file = folder / "pictures.json"
    if not index_file.exists():
        raise SystemExit(f"{folder} has no pictures.json. Run node training/pictures/render.mjs --out {folder} first.")
    index = json.loads(index_file.read_text())
    classes = json.loads((folder / "classes.json").read_text())
    arrays = [np.asarray(Image.open(folder / picture["file"]).convert("RGB")) for picture in index["pictures"]]
    ids = [picture["id"] for picture in index["pictures"]]
    prefixes = [entry["prefix"] for entry in index["sets"]]
    return Pictures(
        images=torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous(),
        ids=torch.tensor(ids),
        set_numbers=torch.tensor([prefixes.index(p["file"].split("/")[0]) for p in index["pictures"]]),
        may_mirror=torch.tensor([may_mirror(classes[i]) for i in ids]),
        classes=classes,
        sets=index["sets"],
    )


def may_mirror(entry: dict[str, Any]) -> bool:
    """Whether a class looks right in a mirror."""
    return entry["group"] in MIRRORED_GROUPS or "face" in entry["subgroup"]


def augment(images: Tensor, mirror: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Zoom, shift and mirror pictures at random; what comes in from outside is white.

    Args:
        images: `[batch, 3, h, w]`, uint8, on white.
        mirror: `[batch]`, bool: which may be mirrored; half of those are.
        size: height and width of the result.
        generator: where the randomness comes from.

    Returns:
        `[batch, 3, size, size]` in [-1, 1].
    """
    batch = len(images)
    zoom = torch.empty(batch).uniform_(*ZOOM, generator=generator)
    shift = torch.empty(batch, 2).uniform_(-2 * SHIFT, 2 * SHIFT, generator=generator)
    flip = torch.where(mirror & (torch.rand(batch, generator=generator) < 0.5), -1.0, 1.0)
    transforms = torch.zeros(batch, 2, 3)
    transforms[:, 0, 0] = flip / zoom
    transforms[:, 1, 1] = 1 / zoom
    transforms[:, :, 2] = shift
    ink = images.float() / 127.5 - 2  # white is 0, which is what grid_sample finds outside
    grid = F.affine_grid(transforms, list(ink.shape), align_corners=False)
    moved = F.grid_sample(ink, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return F.adaptive_avg_pool2d(moved + 1, size)
