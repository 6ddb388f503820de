"""A workflow's graph as a picture (SVG): triggers and jobs, left to right, coloured by state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 250, 64, 70, 26, 28
_HEADER = 54
_FONT = "font-family='DejaVu Sans, Verdana, Helvetica, sans-serif'"
_COLOURS = {
    "SUCCEEDED": ("#e3f4e6", "#1d7a36"),
    "FAILED": ("#fde4e1", "#b3261e"),
    "ERROR": ("#fde4e1", "#b3261e"),
    "TIMEOUT": ("#fde9d3", "#a85b00"),
    "STOPPED": ("#ececec", "#5f6368"),
    "RUNNING": ("#e2edfb", "#1a5fb4"),
    "STARTING": ("#e2edfb", "#1a5fb4"),
    "STOPPING": ("#ececec", "#5f6368"),
    "WAITING": ("#fff6d6", "#7a6200"),
}
_NOT_RUN = ("#ffffff", "#5f6368")
_TRIGGER = ("#f3eefb", "#6941a5")

_DARK = {
    "#ffffff": "#161b22", "#202124": "#e6edf3", "#5f6368": "#9da7b3", "#ececec": "#2d333b",
    "#e3f4e6": "#10341c", "#1d7a36": "#4ac26b", "#fde4e1": "#4a1517", "#b3261e": "#ff7b72",
    "#fde9d3": "#43280a", "#a85b00": "#f0a04b", "#e2edfb": "#102d4c", "#1a5fb4": "#58a6ff",
    "#fff6d6": "#3d2c05", "#7a6200": "#e0b93b", "#f3eefb": "#2d1f4b", "#6941a5": "#b58af5",
}  # fmt: skip
"""What stands for each colour where the reader's scheme is dark."""

Node = Mapping[str, Any]


@dataclass(frozen=True)
class _Box:
    x: int
    y: int

    @property
    def left(self) -> tuple[int, int]:
        return self.x, self.y + _HEIGHT // 2

    @property
    def right(self) -> tuple[int, int]:
        return self.x + _WIDTH, self.y + _HEIGHT // 2


def svg(title: str, graph: Mapping[str, Any], subtitle: str = "") -> str:
    """The picture of GetWorkflow's or GetWorkflowRun's Graph; it needs no other file."""
    nodes: Sequence[Node] = graph["Nodes"]
    edges = [(edge["SourceId"], edge["DestinationId"]) for edge in graph["Edges"]]
    boxes = _places(nodes, edges)
    width = max(box.x for box in boxes.values()) + _WIDTH + _MARGIN
    height = max(box.y for box in boxes.values()) + _HEIGHT + _MARGIN
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}' role='img'>",
        f"<title>{escape(title)}</title>",
        f"<style>@media(prefers-color-scheme:dark){{{_dark_rules()}}}</style>",
        "<defs><marker id='arrow' viewBox='0 0 10 10' refX='9' refY='5' markerWidth='7' "
        "markerHeight='7' orient='auto-start-reverse'>"
        "<path d='M0 0 L10 5 L0 10 z' fill='#5f6368'/></marker></defs>",
        f"<rect width='{width}' height='{height}' rx='8' fill='#ffffff'/>",
        _text(_MARGIN, 30, title, 17, "#202124", bold=True),
        _text(_MARGIN, 49, subtitle, 12, "#5f6368"),
        *(_edge(boxes[source], boxes[target]) for source, target in edges),
        *(_node(node, boxes[node["UniqueId"]]) for node in nodes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _dark_rules() -> str:
    return "".join(
        f"[fill='{light}']{{fill:{dark}}}[stroke='{light}']{{stroke:{dark}}}"
        for light, dark in _DARK.items()
    )


def _places(nodes: Sequence[Node], edges: Sequence[tuple[str, str]]) -> dict[str, _Box]:
    """A column per distance from the start; inside a column the order of the nodes."""
    column = {node["UniqueId"]: 0 for node in nodes}
    for _ in nodes:
        for source, target in edges:
            column[target] = max(column[target], column[source] + 1)
    boxes: dict[str, _Box] = {}
    heights: dict[int, int] = {}
    for node in nodes:
        place = column[node["UniqueId"]]
        row = heights.setdefault(place, 0)
        heights[place] += 1
        boxes[node["UniqueId"]] = _Box(
            _MARGIN + place * (_WIDTH + _GAP_X), _HEADER + _MARGIN + row * (_HEIGHT + _GAP_Y)
        )
    return boxes


def _edge(source: _Box, target: _Box) -> str:
    (x1, y1), (x2, y2) = source.right, target.left
    bend = _GAP_X // 2
    return (
        f"<path d='M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}' fill='none' "
        "stroke='#5f6368' stroke-width='1.5' marker-end='url(#arrow)'/>"
    )


def _node(node: Node, box: _Box) -> str:
    if node["Type"] == "TRIGGER":
        trigger = node["TriggerDetails"]["Trigger"]
        state = trigger["State"]
        lines = [f"{trigger['Type']} · {_when(trigger)}"]
        if state not in ("ACTIVATED", "CREATED"):
            lines = [f"{state} · {lines[0]}"]
        fill, ink = _TRIGGER if state != "DEACTIVATED" else _COLOURS["STOPPED"]
        radius = _HEIGHT // 2
    else:
        runs = node["JobDetails"].get("JobRuns", [])
        fill, ink = _COLOURS.get(runs[-1]["JobRunState"], _NOT_RUN) if runs else _NOT_RUN
        lines, radius = [_outcome(runs)], 6
    inner = radius if radius > 10 else 14
    described = escape(f"{node['Type'].lower()} {node['Name']}: {lines[0]}")
    return "".join(
        (
            f"<g><title>{described}</title>",
            f"<rect x='{box.x}' y='{box.y}' width='{_WIDTH}' height='{_HEIGHT}' rx='{radius}' "
            f"fill='{fill}' stroke='{ink}' stroke-width='1.5'/>",
            _text(box.x + inner, box.y + 27, _short(node["Name"], 26), 14, "#202124", bold=True),
            _text(box.x + inner, box.y + 47, _short(lines[0], 34), 11, ink),
            "</g>",
        )
    )


def _when(trigger: Mapping[str, Any]) -> str:
    if trigger["Type"] == "SCHEDULED":
        return str(trigger["Schedule"])
    if trigger["Type"] == "EVENT":
        size = trigger.get("EventBatchingCondition", {}).get("BatchSize", 1)
        return f"batches of {size}"
    if trigger["Type"] == "CONDITIONAL":
        predicate = trigger["Predicate"]
        states = [condition["State"] for condition in predicate["Conditions"]]
        if len(states) == 1:
            return f"when {states[0]}"
        word = "any" if predicate.get("Logical") == "ANY" else "all"
        return f"{word} of {len(states)}: {', '.join(dict.fromkeys(states))}"
    return "by hand"


def _outcome(runs: Sequence[Mapping[str, Any]]) -> str:
    if not runs:
        return "not run"
    last = runs[-1]
    text = str(last["JobRunState"])
    if "CompletedOn" in last:
        text += f" · {(last['CompletedOn'] - last['StartedOn']).total_seconds():.1f} s"
    return text if len(runs) == 1 else f"{text} · attempt {len(runs)}"


def _text(x: int, y: int, text: str, size: int, ink: str, *, bold: bool = False) -> str:
    weight = " font-weight='600'" if bold else ""
    style = f"{_FONT} font-size='{size}'{weight} fill='{ink}'"
    return f"<text x='{x}' y='{y}' {style}>{escape(text)}</text>"


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
