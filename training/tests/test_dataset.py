"""Augmentation moves pictures and leaves white white."""

import torch

from training.dataset import augment, may_mirror
from training.run_files import seeded


def picture(size: int = 64) -> torch.Tensor:
    """A black quarter, top left of the middle, on white: `[1, 3, size, size]`, uint8."""
    image = torch.full((1, 3, size, size), 255, dtype=torch.uint8)
    image[:, :, size // 4 : size // 2, size // 4 : size // 2] = 0
    return image


def test_what_comes_in_from_outside_is_white() -> None:
    many = augment(picture().expand(64, -1, -1, -1), torch.zeros(64, dtype=torch.bool), 32, seeded(0))
    assert many.shape == (64, 3, 32, 32)
    assert torch.equal(many[:, :, [0, -1]], torch.ones(64, 3, 2, 32))
    assert many.min() < -0.9


def test_every_copy_is_different_and_a_seed_repeats_them() -> None:
    images, mirror = picture().expand(8, -1, -1, -1), torch.ones(8, dtype=torch.bool)
    first, again, other = (augment(images, mirror, 32, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert len(torch.unique(first, dim=0)) == 8


def test_about_half_of_those_that_may_are_mirrored() -> None:
    images = picture().expand(200, -1, -1, -1)
    shares = []
    for allowed in (True, False):
        copies = augment(images, torch.full((200,), allowed), 32, seeded(3))
        ink = 1 - copies[:, 0]
        shares.append((ink[:, :, 16:].sum((1, 2)) > ink[:, :, :16].sum((1, 2))).float().mean().item())
    assert 0.4 < shares[0] < 0.6
    assert shares[1] == 0


def test_faces_animals_and_food_may_be_mirrored_clocks_may_not() -> None:
    kinds = [("smileys-emotion", "face-hat"), ("animals-nature", "animal-bug"), ("food-drink", "drink")]
    assert all(may_mirror({"group": group, "subgroup": subgroup}) for group, subgroup in kinds)
    assert not may_mirror({"group": "travel-places", "subgroup": "time"})
    assert not may_mirror({"group": "smileys-emotion", "subgroup": "emotion"})
