"""The totesys data platform: capture, lake, star tables and warehouse load."""

__version__ = "0.1.0"
