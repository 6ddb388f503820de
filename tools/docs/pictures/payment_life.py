"""payment_life.svg: one payment, as it was (valid time) and as it was known (batch by batch).

Four things happen to it at the source; four batches see them. What a batch can know of a change
follows from the rules of ingest.diff: see `valid_from`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tools.docs.pictures.canvas import Box, Canvas

FRIDAY, MONDAY, TUESDAY = datetime(2024, 11, 15), datetime(2024, 11, 18), datetime(2024, 11, 19)
CREATED = FRIDAY + timedelta(hours=10, minutes=12)
SETTLED = MONDAY + timedelta(hours=7, minutes=55, seconds=11)


@dataclass(frozen=True)
class Event:
    """What happened at the source, and the batch that saw it.

    `last_updated`: what the row says, None for a row that is gone.
    """

    op: str
    what: str
    state: str
    happened: datetime
    last_updated: datetime | None
    batch: int
    captured_at: datetime


EVENTS = (
    Event(
        "insert", "insert", "paid = false, 250.00", CREATED,
        CREATED, 42, FRIDAY + timedelta(hours=10, minutes=15),
    ),
    Event(
        "update", "settlement", "paid = true, 250.00", SETTLED,
        SETTLED, 43, MONDAY + timedelta(hours=8),
    ),
    Event(
        "update", "silent edit", "paid = true, 260.00", MONDAY + timedelta(hours=11, minutes=20),
        SETTLED, 44, MONDAY + timedelta(hours=11, minutes=30),
    ),
    Event(
        "delete", "delete", "", TUESDAY + timedelta(hours=9, minutes=5),
        None, 45, TUESDAY + timedelta(hours=9, minutes=15),
    ),
)  # fmt: skip
TONES = ("blue", "green", "amber", "red")
LEFT, TICK, WIDTH = 196, 106, 1080
AXIS, FIRST, ROW, BAR = 124, 170, 76, 34
MILLISECOND = timedelta(milliseconds=1)
SILENT = (
    "A batch adds what it saw and changes nothing that was known. A silent edit leaves "
    "last_updated alone: it counts from the batch that saw it."
)


def valid_from(event: Event, before: Event | None, earlier: datetime | None) -> datetime:
    """Return since when the row counts as it is.

    The moment of an insert is created_at, of an update that moved last_updated that column, else
    captured_at; never after captured_at, and 1 ms after the version before at least.
    """
    moment = event.captured_at
    if event.op == "insert":
        moment = CREATED
    elif event.op == "update" and before and event.last_updated != before.last_updated:
        moment = event.last_updated or moment
    moment = min(moment, event.captured_at)
    return moment if earlier is None else max(moment, earlier + MILLISECOND)


def versions() -> list[tuple[Event, datetime]]:
    """Return the events with their valid_from, in the order of batches."""
    known: list[tuple[Event, datetime]] = []
    for event in EVENTS:
        before, earlier = known[-1] if known else (None, None)
        known.append((event, valid_from(event, before, earlier)))
    return known


def as_of(valid_at: datetime, known_at: datetime) -> str:
    """Return what payment_as_of would: the state at `valid_at` as far as known at `known_at`."""
    state = ""
    for event, since in versions():
        if event.captured_at <= known_at and since <= valid_at:
            state = event.state
    return state or "no row"


MOMENTS = sorted({moment for e in EVENTS for moment in (e.happened, e.captured_at)})
END = LEFT + TICK * (len(MOMENTS) - 1) + 84


def picture() -> str:
    """Return the SVG."""
    canvas = Canvas("The life of one payment: when it was so, and since when we know", WIDTH, 606)
    canvas.text(28, 38, canvas.title, 18, bold=True)
    canvas.text(28, 60, SILENT, 12, tone="faint")
    _axis(canvas)
    _row(canvas, 0, ("at the source", "what was so"), [(e, e.happened) for e in EVENTS])
    known = versions()
    for number, event in enumerate(EVENTS, 1):
        label = (f"known after batch {event.batch}", f"captured {event.captured_at:%a %H:%M}")
        _row(canvas, number, label, known[:number])
        _seen(canvas, number, event)
    _answers(canvas)
    return canvas.svg()


def _x(moment: datetime) -> float:
    return LEFT + TICK * MOMENTS.index(moment) + 10


def _axis(canvas: Canvas) -> None:
    bottom = FIRST + ROW * (len(EVENTS) + 1) - 24
    canvas.text(28, AXIS - 16, "valid time", 12, tone="faint")
    canvas.text(28, AXIS, "(not to scale)", 11, tone="faint")
    for day in (FRIDAY, MONDAY, TUESDAY):
        first = next(moment for moment in MOMENTS if moment.date() == day.date())
        canvas.text(_x(first), AXIS - 36, f"{day:%a %d %b %Y}", 12, bold=True, anchor="middle")
    names = {e.happened: (e.what, "ink") for e in EVENTS}
    names |= {e.captured_at: (f"batch {e.batch}", "faint") for e in EVENTS}
    for moment in MOMENTS:
        what, tone = names[moment]
        clock = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
        canvas.text(_x(moment), AXIS - 14, what, 11, tone=tone, anchor="middle", bold=tone == "ink")
        canvas.text(_x(moment), AXIS + 1, clock, 11, tone="faint", anchor="middle")
        canvas.path(f"M{_x(moment):.0f} {AXIS + 10}V{bottom}", "plain", head=False, dashed=True,
                    width=0.6)  # fmt: skip


def _row(
    canvas: Canvas, number: int, label: tuple[str, str], states: list[tuple[Event, datetime]]
) -> None:
    """Draw one bar per version, from its moment to the next one's."""
    y = FIRST + ROW * number
    canvas.text(28, y + 15, label[0], 12, bold=True)
    canvas.text(28, y + 31, label[1], 11, tone="faint")
    for place, (event, since) in enumerate(states):
        x, following = _x(since), states[place + 1][1] if place + 1 < len(states) else None
        tone = TONES[EVENTS.index(event)]
        if event.op == "delete":
            canvas.path(f"M{x:.0f} {y - 2}V{y + BAR + 2}", tone, head=False, width=4)
            canvas.text(x + 8, y + 21, "gone", 11, tone=tone, bold=True)
            continue
        box = Box(x, y, (_x(following) if following else END) - x, BAR)
        canvas.box(box, tone, 4)
        canvas.text(box.x + 8, y + 21, event.state, 11)
        if following is None:
            canvas.text(END + 6, y + 22, "→", 14, tone=tone)


def _seen(canvas: Canvas, number: int, event: Event) -> None:
    """Mark since when the newest version of a row counts, and by which column."""
    y, since = FIRST + ROW * number + BAR + 15, versions()[number - 1][1]
    column = "captured_at"
    if event.op == "insert":
        column = "created_at"
    elif event.last_updated == since:
        column = "last_updated"
    text = f"valid_from = {column}"
    x = min(_x(since), WIDTH - 20 - 7 * len(text))
    canvas.clear(Box(x - 2, y - 10, 7 * len(text), 13))
    canvas.text(x, y, text, 10.5, tone=TONES[number - 1], bold=True)


def _answers(canvas: Canvas) -> None:
    """Write what the warehouse answers for one moment, by what was known."""
    y, valid_at = FIRST + ROW * (len(EVENTS) + 1) + 8, MONDAY + timedelta(hours=12)
    for known_at in (MONDAY + timedelta(hours=9), TUESDAY + timedelta(hours=12)):
        asked = f"etl.payment_as_of('{valid_at:%Y-%m-%d %H:%M}', '{known_at:%Y-%m-%d %H:%M}')"
        canvas.text(28, y, asked, 12, mono=True)
        canvas.text(470, y, f"→  {as_of(valid_at, known_at)}", 12, mono=True, bold=True)
        y += 22
