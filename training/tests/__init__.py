"""Tests of the recipe; `python -m pytest training` runs them."""
