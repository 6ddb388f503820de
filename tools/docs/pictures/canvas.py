"""A canvas: shapes and texts that become one SVG file, the same bytes for the same picture.

It stands on a panel of its own and takes the reader's scheme of colours, light or dark. Fonts are
generic families; widths are counted in characters, since nobody can measure a text here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Literal, NamedTuple

SANS = "'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif"
MONO = "'DejaVu Sans Mono', Menlo, Consolas, monospace"
MONO_WIDTH = 0.61
"""Width of a character of a monospaced font, in font sizes."""


class Scheme(NamedTuple):
    """A colour on light and on dark ground."""

    light: str
    dark: str


PAPER, EDGE = Scheme("#ffffff", "#161b22"), Scheme("#d0d7de", "#3d444d")
INK, FAINT = Scheme("#1f2328", "#e6edf3"), Scheme("#57606a", "#9da7b3")
TONES: Mapping[str, tuple[Scheme, Scheme]] = {
    # tone: (ground of a box, its border and accents)
    "plain": (Scheme("#f6f8fa", "#21262d"), Scheme("#6e7781", "#8b949e")),
    "blue": (Scheme("#ddf0ff", "#102d4c"), Scheme("#0a63c2", "#58a6ff")),
    "green": (Scheme("#dff5e3", "#10341c"), Scheme("#1a7f37", "#4ac26b")),
    "violet": (Scheme("#f0e8fc", "#2d1f4b"), Scheme("#7440c4", "#b58af5")),
    "amber": (Scheme("#fdf1d0", "#3d2c05"), Scheme("#8f5f00", "#e0a93b")),
    "red": (Scheme("#ffe6e3", "#4a1517"), Scheme("#c3262d", "#ff7b72")),
}
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Box:
    """A rectangle on the canvas, and the points where lines meet it."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def center(self) -> float:
        return self.x + self.width / 2


@dataclass
class Canvas:
    """Collects the parts of a picture of `width` x `height`; `title` is read to who can't see."""

    title: str
    width: int
    height: int
    _parts: list[str] = field(default_factory=list)
    _heads: set[str] = field(default_factory=set)

    def box(self, box: Box, tone: str = "plain", radius: float = 6, dashed: bool = False) -> None:
        """Draw a filled rectangle with a border."""
        dash = " stroke-dasharray='5 4'" if dashed else ""
        self._parts.append(
            f"<rect x='{_n(box.x)}' y='{_n(box.y)}' width='{_n(box.width)}' "
            f"height='{_n(box.height)}' rx='{_n(radius)}' class='g-{tone} b-{tone}'{dash}/>"
        )

    def clear(self, box: Box) -> None:
        """Cover what lies below a text."""
        self._parts.append(
            f"<rect x='{_n(box.x)}' y='{_n(box.y)}' width='{_n(box.width)}' "
            f"height='{_n(box.height)}' class='ground'/>"
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 12,
        *,
        tone: str = "ink",
        bold: bool = False,
        mono: bool = False,
        anchor: Anchor = "start",
    ) -> None:
        """Write one line of text whose baseline begins (or ends, or has its middle) at x, y."""
        classes = f"t-{tone}" + (" m" if mono else "") + (" bold" if bold else "")
        place = "" if anchor == "start" else f" text-anchor='{anchor}'"
        self._parts.append(
            f"<text x='{_n(x)}' y='{_n(y)}' font-size='{_n(size)}' class='{classes}'{place}>"
            f"{escape(text)}</text>"
        )

    def lines(self, box: Box, title: str, more: Iterable[str] = (), tone: str = "ink") -> None:
        """Write a bold line and smaller ones in the middle of a box."""
        small = list(more)
        y = box.middle + 5 - 7.5 * len(small)
        self.text(box.center, y, title, 13, bold=True, anchor="middle", tone=tone)
        for number, line in enumerate(small, 1):
            self.text(box.center, y + 2 + 14.5 * number, line, 11, tone="faint", anchor="middle")

    def path(self, data: str, tone: str = "plain", *, head: bool = True, dashed: bool = False,
             width: float = 1.6) -> None:  # fmt: skip
        """Draw a line by SVG's path commands; `head`: an arrow at its end."""
        end = ""
        if head:
            self._heads.add(tone)
            end = f" marker-end='url(#head-{tone})'"
        dash = " stroke-dasharray='5 4'" if dashed else ""
        self._parts.append(
            f"<path d='{data}' fill='none' class='b-{tone}' stroke-width='{_n(width)}'{dash}{end}/>"
        )

    def svg(self) -> str:
        """Return the text of the file."""
        markers = "".join(
            f"<marker id='head-{tone}' viewBox='0 0 10 10' refX='9' refY='5' markerWidth='7' "
            f"markerHeight='7' orient='auto'><path d='M0 0L10 5L0 10z' class='h-{tone}'/></marker>"
            for tone in sorted(self._heads)
        )
        size = f"{self.width} {self.height}"
        return "\n".join(
            [
                f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {size}' "
                f"width='{self.width}' height='{self.height}' role='img'>",
                f"<title>{escape(self.title)}</title>",
                f"<style>{_style()}</style>",
                *([f"<defs>{markers}</defs>"] if markers else []),
                f"<rect x='0.5' y='0.5' width='{self.width - 1}' height='{self.height - 1}' "
                "rx='8' class='paper'/>",
                *self._parts,
                "</svg>",
                "",
            ]
        )


def curve(x1: float, y1: float, x2: float, y2: float, *, upright: bool = True) -> str:
    """Return a path from one point to another that leaves and arrives upright, or level."""
    if upright:
        half = (y1 + y2) / 2
        return f"M{_n(x1)} {_n(y1)}C{_n(x1)} {_n(half)} {_n(x2)} {_n(half)} {_n(x2)} {_n(y2)}"
    half = (x1 + x2) / 2
    return f"M{_n(x1)} {_n(y1)}C{_n(half)} {_n(y1)} {_n(half)} {_n(y2)} {_n(x2)} {_n(y2)}"


def _style() -> str:
    sans = f"text{{font-family:{SANS}}}.m{{font-family:{MONO}}}.bold{{font-weight:600}}"
    dark = f"@media(prefers-color-scheme:dark){{{_colours(1)}}}"
    return f"{sans}{_colours(0)}{dark}"


def _colours(scheme: int) -> str:
    rules = [
        f".paper{{fill:{PAPER[scheme]};stroke:{EDGE[scheme]}}}",
        f".ground{{fill:{PAPER[scheme]}}}",
        f".t-ink{{fill:{INK[scheme]}}}.t-faint{{fill:{FAINT[scheme]}}}",
    ]
    for tone, (ground, border) in TONES.items():
        rules.append(
            f".g-{tone}{{fill:{ground[scheme]}}}.b-{tone}{{stroke:{border[scheme]}}}"
            f".t-{tone},.h-{tone}{{fill:{border[scheme]}}}"
        )
    return "".join(rules)


def _n(number: float) -> str:
    """Return a coordinate with one decimal at most."""
    return f"{number:.1f}".removesuffix(".0")
