"""docs/img: pictures are generated from the code, and every reader can see them."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations

import pytest

from fixtures.tree import ROOT
from tools.docs.pictures.gallery import IMAGES, pictures

DRAWN = pictures()
RECORDINGS = {"demo.svg", "live.svg"}
"""Of a terminal: drawn from runs on real servers."""
LARGEST_BYTES = 300_000
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_the_picture_in_the_documents_is_what_the_code_draws_now(name: str) -> None:
    assert (IMAGES / name).read_bytes() == DRAWN[name].encode(), "run `make pictures`"


def test_every_picture_of_the_gallery_is_kept_and_no_other_is_left_behind() -> None:
    generated = {path.name for path in IMAGES.glob("*.svg")}
    assert generated - RECORDINGS == set(DRAWN)


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_picture_is_small_needs_no_other_file_and_has_a_title(name: str) -> None:
    text = DRAWN[name]
    root = ElementTree.fromstring(text)
    assert len(text.encode()) < LARGEST_BYTES
    assert re.findall(r"<image|<script|href|url\((?!#)|@import", text) == []
    assert root.find(f"{SVG}title") is not None


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_picture_has_a_ground_of_its_own_and_a_dark_scheme(name: str) -> None:
    root = ElementTree.fromstring(DRAWN[name])
    ground = next(root.iter(f"{SVG}rect"))
    width, height = (float(root.get(side, "0")) for side in ("width", "height"))
    assert float(ground.get("width", "0")) >= width - 1
    assert float(ground.get("height", "0")) >= height - 1
    assert "prefers-color-scheme:dark" in (root.findtext(f"{SVG}style") or "")


def texts(name: str) -> list[tuple[str, float, float, float, float]]:
    """Text, left, right, top, bottom; a character is about 0.6 of the font's size wide."""
    found = []
    for node in ElementTree.fromstring(DRAWN[name]).iter(f"{SVG}text"):
        x, y, size = (float(node.get(key, "0")) for key in ("x", "y", "font-size"))
        text = node.text or ""
        width = 0.6 * size * len(text)
        left = x - {"middle": width / 2, "end": width}.get(node.get("text-anchor", ""), 0)
        found.append((text, left, left + width, y - 0.75 * size, y + 0.2 * size))
    return found


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_no_text_leaves_the_picture(name: str) -> None:
    root = ElementTree.fromstring(DRAWN[name])
    width, height = (float(root.get(side, "0")) for side in ("width", "height"))
    outside = [
        text
        for text, left, right, top, bottom in texts(name)
        if left < 0 or right > width or top < 0 or bottom > height
    ]
    assert outside == []


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_no_text_lies_upon_another(name: str) -> None:
    overlapping = [
        (one[0], other[0])
        for one, other in combinations(texts(name), 2)
        if one[1] < other[2] and other[1] < one[2] and one[3] < other[4] and other[3] < one[4]
    ]
    assert overlapping == []


def test_the_pictures_show_every_table_job_trigger_and_rule() -> None:
    from tools.docs.definition import definition
    from totesys_etl.contracts import STAR_TABLES

    entries = definition()
    shown = {node.text for node in ElementTree.fromstring(DRAWN["flow.svg"]).iter(f"{SVG}text")}
    for section in ("Jobs", "Triggers", "Rules"):
        assert {entry["Name"] for entry in entries[section]} <= shown, section
    for workflow in entries["Workflows"]:
        assert f"workflow {workflow['Name']}" in shown
    tables = {node.text for node in ElementTree.fromstring(DRAWN["erd.svg"]).iter(f"{SVG}text")}
    for table in STAR_TABLES.values():
        assert {table.name, *table.column_names} <= tables


def test_a_picture_does_not_name_the_machine() -> None:
    assert [name for name, text in DRAWN.items() if str(ROOT) in text] == []
