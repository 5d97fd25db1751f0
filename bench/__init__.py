"""Measures: `make bench`. Every figure is a ratio to a peer measured in the same run."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
