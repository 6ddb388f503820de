"""flow.svg: from totesys through three buckets to the warehouse; jobs, and what starts them.

Every name is one of workflows.yaml, and every arrow between a job and a store is an argument or a
connection of that job there: what it does not have cannot be drawn.
"""

from __future__ import annotations

from typing import Any

from tools.docs.definition import by_name, definition
from tools.docs.pictures.canvas import Box, Canvas, curve
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.lake import layout

TOTESYS, WAREHOUSE = Box(30, 176, 180, 78), Box(880, 176, 170, 78)
RAW, PROCESSED = Box(270, 176, 190, 78), Box(580, 176, 190, 78)
WORK = Box(372, 284, 150, 50)
CATALOGUE, ATHENA = Box(270, 76, 500, 58), Box(880, 76, 170, 58)
INGEST, TRANSFORM, LOAD = (Box(x, 404, 170, 56) for x in (150, 400, 800))
INGEST_PANEL, LOAD_PANEL = Box(30, 366, 310, 208), Box(376, 366, 674, 208)
SCHEDULE, COMMITTED = Box(136, 494, 198, 46), Box(400, 494, 170, 46)
AFTER = Box(603, 409, 164, 46)
RULE, DAILY = Box(392, 604, 244, 50), Box(656, 604, 244, 50)
REBUILD = Box(30, 604, 290, 50)
AUDIT_PANEL, NIGHT, AUDIT = Box(30, 684, 1020, 86), Box(60, 704, 170, 46), Box(280, 700, 170, 54)
STORES = ("source", "raw", "work", "processed", "warehouse")


def picture() -> str:
    """Return the SVG."""
    canvas = Canvas("From totesys through the lake to the warehouse", 1080, 794)
    canvas.text(30, 38, canvas.title, 18, bold=True)
    _legend(canvas)
    _stores(canvas)
    _workflows(canvas)
    _arrows(canvas)
    return canvas.svg()


def stores_of(job: dict[str, Any]) -> tuple[str, ...]:
    """Return what a job is given: buckets by its arguments, databases by its connections."""
    arguments = job["DefaultArguments"]
    given = {name.removeprefix("--").removesuffix("_bucket") for name in arguments}
    connections = set(job.get("Connections", {}).get("Connections", ()))
    given |= {"source"} if "totesys" in connections else set()
    given |= connections & {"warehouse"}
    return tuple(store for store in STORES if store in given)


def _legend(canvas: Canvas) -> None:
    entries = (("blue", "job", 4), ("green", "store", 4), ("violet", "trigger", 8))
    for number, (tone, word, radius) in enumerate(entries):
        y = 66 + 22 * number
        canvas.box(Box(30, y, 26, 15), tone, radius)
        canvas.text(64, y + 12, word, 11, tone="faint")
    canvas.box(Box(30, 132, 26, 15), "amber", 4)
    canvas.text(64, 144, "rule of EventBridge", 11, tone="faint")


def _stores(canvas: Canvas) -> None:
    databases = by_name("Databases")
    both = "  ·  ".join(databases)
    stores = {
        ("totesys", f"PostgreSQL, {len(SOURCE_TABLES)} tables", "read only"): TOTESYS,
        ("raw", layout.CHANGES, f"{layout.COMMITS}  {layout.CERTIFICATES}"): RAW,
        ("work", f"{layout.CURRENT}: latest rows"): WORK,
        (
            "processed",
            "<star table>/",
            f"{layout.COMMITS}  {layout.LOADED}  {layout.AUDITS}",
        ): PROCESSED,
        ("warehouse", f"PostgreSQL, {len(STAR_TABLES)} tables", "and views of history"): WAREHOUSE,
        ("Glue Data Catalog", both): CATALOGUE,
        ("Athena", "SQL on the lake"): ATHENA,
    }
    for (title, *more), box in stores.items():
        canvas.box(box, "green")
        canvas.lines(box, title, more)


def _workflows(canvas: Canvas) -> None:
    workflows = by_name("Workflows")
    for name, panel in (
        ("totesys_ingest", INGEST_PANEL),
        ("totesys_transform_load", LOAD_PANEL),
        ("totesys_audit", AUDIT_PANEL),
    ):
        canvas.box(panel, "plain", 10)
        title = f"workflow {workflows[name]['Name']}"
        x, y = panel.right - 12, panel.bottom - 11
        canvas.text(x, y, title, 11, tone="faint", bold=True, anchor="end")
    jobs = by_name("Jobs")
    for name, box in (
        ("ingest_totesys", INGEST),
        ("transform_star", TRANSFORM),
        ("load_warehouse", LOAD),
        ("audit_warehouse", AUDIT),
        ("rebuild_current", REBUILD),
    ):
        canvas.box(box, "blue", 4)
        workers = f"{jobs[name]['NumberOfWorkers']} x {jobs[name]['WorkerType']}"
        by_hand = f"by hand: {' → '.join(stores_of(jobs[name]))}"
        canvas.lines(box, name, [by_hand if box is REBUILD else workers])
    first, *others = stores_of(jobs["audit_warehouse"])
    compared = f"replays {first} and compares {', '.join(others)} and catalogue with it"
    canvas.text(476, 722, compared, 11, tone="faint")
    canvas.text(476, 738, f"writes its proof to processed, {layout.AUDITS}", 11, tone="faint")
    _starters(canvas)


def _starters(canvas: Canvas) -> None:
    triggers = by_name("Triggers")
    for name, box in (
        ("ingest_schedule", SCHEDULE),
        ("batch_committed", COMMITTED),
        ("after_transform", AFTER),
        ("every_night", NIGHT),
    ):
        canvas.box(box, "violet", 22)
        canvas.lines(box, name, [_when(triggers[name])])
    rules = by_name("Rules")
    for name, box in (("totesys_batch_committed", RULE), ("totesys_transform_load_daily", DAILY)):
        canvas.box(box, "amber", 4)
        canvas.lines(box, name, [_why(rules[name])])


def _when(trigger: dict[str, Any]) -> str:
    if trigger["Type"] == "SCHEDULED":
        return f"setting {trigger['Schedule']}"
    if trigger["Type"] == "EVENT":
        return f"EVENT, batches of {trigger['EventBatchingCondition']['BatchSize']}"
    (condition,) = trigger["Predicate"]["Conditions"]
    return f"when {condition['State']}"


def _why(rule: dict[str, Any]) -> str:
    if "ScheduleExpression" in rule:
        return f"setting {rule['ScheduleExpression']}"
    (bucket,) = rule["EventPattern"]["detail"]["bucket"]["name"]
    (key,) = rule["EventPattern"]["detail"]["object"]["key"]
    return f"object created: {bucket.removesuffix('_bucket')}, {key['prefix']}"


def _arrows(canvas: Canvas) -> None:
    for job, store, path in (
        ("ingest_totesys", "source", curve(120, TOTESYS.bottom, 190, INGEST.y)),
        ("ingest_totesys", "raw", curve(255, INGEST.y, 310, RAW.bottom)),
        ("ingest_totesys", "work", f"M300 {INGEST.y}C300 345 325 309 {WORK.x} 309"),
        ("transform_star", "raw", f"M{RAW.right} 208H528q14 0 14 14V{TRANSFORM.y}"),
        ("transform_star", "work", curve(447, WORK.bottom, 447, TRANSFORM.y)),
        ("transform_star", "processed", curve(562, TRANSFORM.y, 630, PROCESSED.bottom)),
        ("load_warehouse", "processed", curve(725, PROCESSED.bottom, 850, LOAD.y)),
        ("load_warehouse", "warehouse", curve(920, LOAD.y, 965, WAREHOUSE.bottom)),
    ):
        if store not in stores_of(by_name("Jobs")[job]):
            raise ValueError(f"flow.svg: {job} is drawn at {store}, workflows.yaml gives it none")
        canvas.path(path, "blue")
    _starting_arrows(canvas)
    canvas.path(f"M{RAW.center} {RAW.y}V{CATALOGUE.bottom}", "green", head=False)
    canvas.path(f"M{PROCESSED.center} {PROCESSED.y}V{CATALOGUE.bottom}", "green", head=False)
    canvas.path(f"M{ATHENA.x} {ATHENA.middle}H{CATALOGUE.right}", "green")


def _starting_arrows(canvas: Canvas) -> None:
    boxes = {
        "ingest_totesys": INGEST,
        "transform_star": TRANSFORM,
        "load_warehouse": LOAD,
        "audit_warehouse": AUDIT,
    }
    pills = {
        "ingest_schedule": SCHEDULE,
        "batch_committed": COMMITTED,
        "after_transform": AFTER,
        "every_night": NIGHT,
    }
    for trigger in definition()["Triggers"]:
        pill = pills[trigger["Name"]]
        for condition in trigger.get("Predicate", {}).get("Conditions", ()):
            job = boxes[condition["JobName"]]
            canvas.path(f"M{job.right} {job.middle}H{pill.x}", "violet")
        for action in trigger["Actions"]:
            job = boxes[action["JobName"]]
            level = abs(job.middle - pill.middle) < 1
            ends = f"M{pill.right} {pill.middle}H{job.x}" if level else ""
            canvas.path(ends or f"M{job.center} {pill.y}V{job.bottom}", "violet")
    canvas.path(f"M358 {RAW.bottom}V615q0 14 14 14H{RULE.x}", "amber", dashed=True)
    canvas.path(curve(485, RULE.y, 485, COMMITTED.bottom), "amber")
    canvas.path(f"M690 {DAILY.y}V531q0 -14 -14 -14H{COMMITTED.right}", "amber")
