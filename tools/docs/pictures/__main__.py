"""Writes docs/img/*.svg: `python -m tools.docs.pictures`."""

from __future__ import annotations

from tools.docs.pictures.gallery import IMAGES, pictures


def main() -> None:
    """Write every picture."""
    IMAGES.mkdir(exist_ok=True)
    for name, text in pictures().items():
        (IMAGES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
