"""s3_tree.svg: what lies under which key of the four buckets, by the functions of lake.layout."""

from __future__ import annotations

from datetime import datetime

from tools.docs.pictures.canvas import Box, Canvas
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES, lake_tables
from totesys_etl.fingerprints.canonical import RANGE_SIZE
from totesys_etl.lake import layout

MOMENT = datetime(2026, 11, 22, 10, 15)
RUN, FOLDER, FILE = "<run>", "<uuid>", "00000.parquet"
LINE, TOP = 24, 74
TITLES = {
    "raw": f"every change of the {len(SOURCE_TABLES)} source tables; nothing is overwritten",
    "work": "the latest row of every key ever seen",
    "processed": f"the {len(STAR_TABLES)} star tables, deletions, quarantine",
    "code": "what the jobs run",
}


def tree() -> dict[str, dict[str, list[tuple[str, str]]]]:
    """Return bucket -> prefix -> (rest of an example key, what it is)."""
    batch = layout.changes_of_batch("payment", MOMENT.date().isoformat(), 42)
    current = layout.partition(layout.current("payment"), layout.RANGE_KEY, "00003")
    fact = _star(lake_tables.star(STAR_TABLES["fact_payment"]), "2026-11")
    dimension = _star(lake_tables.star(STAR_TABLES["dim_staff"]), "00000")
    deletion = _star(lake_tables.FACT_DELETION, "fact_payment")
    quarantine = _star(lake_tables.QUARANTINE, "fact_payment")
    return {
        "raw": {
            layout.COMMITS: [_rest(layout.numbered(layout.COMMITS, 42), "a batch becomes real")],
            layout.CERTIFICATES: [
                _rest(layout.proof(layout.CERTIFICATES, MOMENT, RUN), "certificate of a run")
            ],
            layout.CHANGES: [_rest(f"{batch}/{FOLDER}/{FILE}", "one table's rows of batch 42")],
        },
        "work": {
            layout.CURRENT: [
                _rest(f"{current}/{FOLDER}/{FILE}", f"one key range: {RANGE_SIZE:,} keys")
            ]
        },
        "processed": {
            layout.COMMITS: [_rest(layout.numbered(layout.COMMITS, 17), "star tables become real")],
            layout.LOADED: [
                _rest(layout.numbered(layout.LOADED, 17), "the warehouse has that commit")
            ],
            layout.AUDITS: [_rest(layout.proof(layout.AUDITS, MOMENT, RUN), "proof of an audit")],
            "fact_payment/": [_rest(f"{fact}/{FOLDER}/{FILE}", "every version of a fact")],
            "dim_staff/": [_rest(f"{dimension}/{FOLDER}/{FILE}", "latest rows of a dimension")],
            "fact_deletion/": [_rest(f"{deletion}/{FOLDER}/{FILE}", "what the source deleted")],
            "quarantine/": [_rest(f"{quarantine}/{FOLDER}/{FILE}", "what no column can take")],
        },
        "code": {layout.RELEASES: [_rest(f"{layout.RELEASES}<digest>/…", "scripts and wheels")]},
    }


def picture() -> str:
    """Return the SVG; ValueError if a prefix of layout.PREFIXES is not drawn."""
    buckets = tree()
    for bucket, prefixes in layout.PREFIXES.items():
        missing = prefixes - set(buckets[bucket])
        if missing:
            raise ValueError(f"s3_tree.svg shows no key of {bucket}: {sorted(missing)}")
    rows = sum(len(keys) for prefixes in buckets.values() for keys in prefixes.values())
    height = TOP + rows * LINE + len(buckets) * 54
    canvas = Canvas("Keys of the buckets", 1000, height)
    canvas.text(30, 40, canvas.title, 18, bold=True)
    y = TOP
    for bucket, prefixes in buckets.items():
        y = _bucket(canvas, y, bucket, prefixes)
    return canvas.svg()


def _bucket(
    canvas: Canvas, top: int, bucket: str, prefixes: dict[str, list[tuple[str, str]]]
) -> int:
    """Draw one bucket from `top` on; return where the next begins."""
    head = Box(30, top - 14, 108, 26)
    canvas.box(head, "green")
    canvas.text(head.center, top + 4, bucket, 13, bold=True, anchor="middle")
    canvas.text(head.right + 14, top + 4, TITLES[bucket], 12, tone="faint")
    y = top + 12
    for prefix, keys in prefixes.items():
        for rest, note in keys:
            y += LINE
            above = head.bottom if y == top + 12 + LINE else y - LINE - 4
            canvas.path(f"M48 {above:.0f}V{y - 4}H62", "green", head=False, width=1.2)
            canvas.text(68, y, prefix, 12.5, mono=True, bold=True, tone="green")
            canvas.text(68 + 16 * 7.7, y, rest, 12.5, mono=True)
            canvas.text(970, y, note, 12, tone="faint", anchor="end")
    return y + 42


def _star(table: lake_tables.LakeTable, value: str) -> str:
    """Return the folder of one partition of a star table."""
    (key,) = table.partition_names
    return layout.partition(layout.star(table.name), key, value)


def _rest(key: str, note: str) -> tuple[str, str]:
    """Return the key after its first folder, and the note."""
    return key.partition("/")[2], note
