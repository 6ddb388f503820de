"""The picture of a workflow."""

import xml.etree.ElementTree as ElementTree
from datetime import datetime, timedelta
from typing import Any

from awsglue_local.client.graph import svg

AT = datetime(2026, 11, 24, 12, 0)
SVG = "{http://www.w3.org/2000/svg}"


def trigger(name: str, **fields: Any) -> dict[str, Any]:
    shown = {"Name": name, "State": "ACTIVATED", **fields}
    return {
        "Type": "TRIGGER", "Name": name, "UniqueId": name, "TriggerDetails": {"Trigger": shown},
    }  # fmt: skip


def job(name: str, *states: str) -> dict[str, Any]:
    runs = [
        {"JobRunState": state, "StartedOn": AT, "CompletedOn": AT + timedelta(seconds=2.5)}
        for state in states
    ]
    return {"Type": "JOB", "Name": name, "UniqueId": name, "JobDetails": {"JobRuns": runs}}


def edges(*pairs: str) -> list[dict[str, str]]:
    return [dict(zip(("SourceId", "DestinationId"), p.split(), strict=True)) for p in pairs]


GRAPH = {
    "Nodes": [
        trigger("start", Type="SCHEDULED", Schedule="cron(0/15 * * * ? *)"),
        trigger(
            "both",
            Type="CONDITIONAL",
            Predicate={"Logical": "AND", "Conditions": [{"State": "SUCCEEDED"}] * 2},
        ),
        trigger("off", Type="CONDITIONAL", Predicate={"Conditions": [{"State": "FAILED"}]}),
        job("a", "FAILED", "SUCCEEDED"),
        job("b <&> 'q'", "SUCCEEDED"),
        job("c"),
    ],
    "Edges": edges("start a", "a both", "both c"),
}


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_the_picture_names_every_trigger_and_job_with_its_state() -> None:
    shown = texts(svg("flow", GRAPH, "a subtitle"))
    assert shown[:2] == ["flow", "a subtitle"]
    pairs = dict(zip(shown[2::2], shown[3::2], strict=True))
    assert pairs == {
        "start": "SCHEDULED · cron(0/15 * * * ? *)",
        "both": "CONDITIONAL · all of 2: SUCCEEDED",
        "off": "CONDITIONAL · when FAILED",
        "a": "SUCCEEDED · 2.5 s · attempt 2",
        "b <&> 'q'": "SUCCEEDED · 2.5 s",
        "c": "not run",
    }


def test_what_follows_stands_to_the_right() -> None:
    picture = ElementTree.fromstring(svg("flow", GRAPH))
    left = {
        (group.find(f"{SVG}text").text or ""): int(group.find(f"{SVG}rect").get("x", "0"))  # type: ignore[union-attr]
        for group in picture.iter(f"{SVG}g")
    }
    assert left["start"] < left["a"] < left["both"] < left["c"]
    assert len(list(picture.iter(f"{SVG}path"))) == len(GRAPH["Edges"]) + 1  # and the arrow's head


def test_a_long_name_is_shortened_and_whole_in_the_title() -> None:
    name = "a_job_with_a_very_long_name_indeed"
    picture = svg("flow", {"Nodes": [job(name, "RUNNING")], "Edges": []})
    assert texts(picture)[2] == "a_job_with_a_very_long_na…"
    assert f"job {name}: RUNNING" in picture


def test_every_colour_has_one_for_dark_schemes() -> None:
    states = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "RUNNING", "WAITING")
    nodes = [*GRAPH["Nodes"], *(job(state.lower(), state) for state in states)]
    root = ElementTree.fromstring(svg("flow", {"Nodes": nodes, "Edges": GRAPH["Edges"]}))
    rules = root.find(f"{SVG}style").text or ""  # type: ignore[union-attr]
    used = {
        f"[{kind}='{element.get(kind)}']"
        for element in root.iter()
        for kind in ("fill", "stroke")
        if element.get(kind, "none") != "none"
    }
    assert len(used) > 15
    assert {selector for selector in used if f"{selector}{{" not in rules} == set()
