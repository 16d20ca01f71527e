"""The options that the scripts share."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from training.recipe import EMOJI_DIT, RECIPES, Recipe


@dataclass(frozen=True)
class Command:
    """What a script was asked for."""

    run: Path
    """The folder of the run: pictures, weights, sheets."""
    recipe: Recipe


def command_parser(description: str) -> argparse.ArgumentParser:
    """A parser of `--run` and `--recipe`, to which a script may add its own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--run", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default=EMOJI_DIT.name)
    return parser


def read_command(values: argparse.Namespace) -> Command:
    """What the parser read."""
    return Command(run=values.run, recipe=RECIPES[values.recipe])
