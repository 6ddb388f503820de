"""Pages and pictures of docs/ that are generated from the code: `make docs`, `make pictures`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The project's folder."""
