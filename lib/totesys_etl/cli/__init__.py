"""`totesys`: looks into a deployed platform; the same on AWS and on a laptop."""

from totesys_etl.cli.main import main

__all__ = ["main"]
