"""erd.svg: the three stars of the warehouse, overlapping where facts share a dimension."""

from __future__ import annotations

from tools.docs.pictures.canvas import MONO_WIDTH, Box, Canvas, curve
from tools.docs.sql_types import short_type
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.model import Kind, StarTable

TONES = {"fact_sales_order": "blue", "fact_purchase_orders": "amber", "fact_payment": "violet"}
ROWS = (
    ("dim_design", "dim_staff", "dim_location", "dim_transaction", "dim_payment_type"),
    ("fact_sales_order", "fact_purchase_orders", "fact_payment"),
    ("dim_counterparty", "dim_date", "dim_currency"),
)
WIDTH, MARGIN, TOP = 1240, 26, 86
LINE, HEAD, GAP, SIZE = 16, 26, 104, 11


def picture() -> str:
    """Return the SVG; ValueError if a table of the contracts has no place in it."""
    drawn = {name for row in ROWS for name in row}
    if drawn != set(STAR_TABLES):
        raise ValueError(f"erd.svg lacks, or invents: {sorted(drawn ^ set(STAR_TABLES))}")
    boxes = _boxes()
    height = int(max(box.bottom for box in boxes.values()) + MARGIN)
    canvas = Canvas("The warehouse: three stars that share dimensions", WIDTH, height)
    canvas.text(MARGIN, 38, canvas.title, 18, bold=True)
    canvas.text(MARGIN, 60, _summary(), 12, tone="faint")
    _edges(canvas, boxes)
    for name, box in boxes.items():
        _table(canvas, STAR_TABLES[name], box)
    return canvas.svg()


def _summary() -> str:
    facts = sum(table.kind is Kind.FACT for table in STAR_TABLES.values())
    keys = sum(len(table.foreign_keys) for table in STAR_TABLES.values())
    return (
        f"{facts} facts with every version, {len(STAR_TABLES) - facts} dimensions with the latest "
        f"rows, {keys} foreign keys. PK: primary key; FK: foreign key; ?: may be NULL. "
        "Lines have the colour of their fact."
    )


def _boxes() -> dict[str, Box]:
    boxes: dict[str, Box] = {}
    y = float(TOP)
    for row in ROWS:
        tables = [STAR_TABLES[name] for name in row]
        widths = [_width(table) for table in tables]
        heights = [HEAD + 8 + LINE * len(table.columns) for table in tables]
        space = (WIDTH - 2 * MARGIN - sum(widths)) / (len(row) - 1)
        tallest, x = max(heights), float(MARGIN)
        for table, width, height in zip(tables, widths, heights, strict=True):
            # What stands above the facts ends on one line, what stands below begins on one.
            down = tallest - height if row is ROWS[0] else 0
            boxes[table.name] = Box(round(x, 1), y + down, width, height)
            x += width + space
        y += tallest + GAP
    return boxes


def _width(table: StarTable) -> float:
    """Return the width of a table that no line of it overflows."""
    name = max(len(column.name) for column in table.columns)
    types = max(len(short_type(column.type)) for column in table.columns)
    return round((name + types + 2) * SIZE * MONO_WIDTH + 44)


def _table(canvas: Canvas, table: StarTable, box: Box) -> None:
    tone = TONES.get(table.name, "green")
    canvas.box(box, "plain", 5)
    canvas.box(Box(box.x, box.y, box.width, HEAD), tone, 5)
    canvas.text(box.center, box.y + 18, table.name, 13, bold=True, anchor="middle")
    refers = {key.column for key in table.foreign_keys}
    for number, column in enumerate(table.columns):
        y = box.y + HEAD + 15 + LINE * number
        is_key = column.name == table.primary_key
        mark = "PK" if is_key else "FK" if column.name in refers else ""
        if mark:
            canvas.text(box.x + 8, y, mark, 9.5, tone=tone, bold=True, mono=True)
        canvas.text(box.x + 28, y, column.name, SIZE, mono=True, bold=is_key)
        shown = short_type(column.type) + ("?" if column.nullable else "")
        canvas.text(box.right - 8, y, shown, SIZE, mono=True, tone="faint", anchor="end")


def _edges(canvas: Canvas, boxes: dict[str, Box]) -> None:
    """Draw one line per fact and dimension; lines leave a table side by side."""
    pairs = [
        (fact, dimension)
        for fact in ROWS[1]
        for dimension in dict.fromkeys(key.table for key in STAR_TABLES[fact].foreign_keys)
    ]
    for fact, dimension in pairs:
        above = dimension in ROWS[0]
        row = ROWS[0] if above else ROWS[2]
        ends = [d for d in row if (fact, d) in pairs]
        starts = [f for f in ROWS[1] if (f, dimension) in pairs]
        x1 = _port(boxes[fact], ends.index(dimension), len(ends))
        x2 = _port(boxes[dimension], starts.index(fact), len(starts))
        y1 = boxes[fact].y if above else boxes[fact].bottom
        y2 = boxes[dimension].bottom if above else boxes[dimension].y
        canvas.path(curve(x1, y1, x2, y2), TONES[fact])


def _port(box: Box, number: int, of: int) -> float:
    return box.x + box.width * (number + 1) / (of + 1)
