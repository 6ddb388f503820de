"""Commands in documents parse, links lead somewhere, and nothing a reader needs is left out."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

import awsglue_local.cli
import totesys_demo.__main__
from fixtures.job_settings import SETTINGS
from fixtures.markdown import Command, anchors, commands, first_cells, links, read
from fixtures.tree import ROOT, documents, shown
from totesys_etl import errors
from totesys_etl.cli import main
from totesys_etl.cli.main import COMMANDS

TYPED = sorted(
    {command for path in documents() for command in commands(shown(path), read(path))},
    key=lambda command: (command.document, command.words),
)
MAKEFILE = read(ROOT / "Makefile")
TARGETS = set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE))
VARIABLES = set(re.findall(r"^([A-Z_]+) \?=", MAKEFILE, re.MULTILINE))
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type)} - {
    "TotesysError"
}
EVENTS = {
    event
    for path in (ROOT / "lib" / "totesys_etl").rglob("*.py")
    for event in re.findall(r"\blog(?:\.step)?\(\s*\"(\w+)\"", read(path))
}

TESTS = {
    name
    for folder in (ROOT / "tests", ROOT / "lib" / "awsglue_local" / "tests")
    for path in folder.rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", read(path), re.MULTILINE)
}


def _parse_make(words: tuple[str, ...]) -> None:
    targets = {word for word in words if "=" not in word}
    given = dict(word.split("=", 1) for word in words if "=" in word)
    assert targets <= TARGETS, f"the Makefile has {sorted(TARGETS)}"
    assert set(given) <= VARIABLES
    arguments = shlex.split(given.get("ARGS", ""))
    if targets == {"demo"}:
        totesys_demo.__main__._parser().parse_args(arguments)
    elif targets & {"test", "test-unit", "test-proof"}:
        paths = [argument for argument in arguments if not argument.startswith("-")]
        assert all((ROOT / path).exists() for path in paths)
    else:
        assert not arguments


def _parse_glue_local(words: tuple[str, ...]) -> None:
    awsglue_local.cli._parser().parse_args(words)


def _parse_totesys(words: tuple[str, ...]) -> None:
    assert main(words) == 0


PARSERS: dict[str, Callable[[tuple[str, ...]], None]] = {
    "make": _parse_make,
    "glue-local": _parse_glue_local,
    "totesys": _parse_totesys,
}


@pytest.fixture
def only_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    """`totesys` parses and then does nothing."""
    for command in COMMANDS:
        monkeypatch.setattr(command, "run", lambda arguments: None)


def test_the_documents_hold_commands_of_every_program() -> None:
    assert {command.words[0] for command in TYPED} == set(PARSERS)
    assert sum(command.whole for command in TYPED) > 15


@pytest.mark.usefixtures("only_parsing")
@pytest.mark.parametrize("command", [c for c in TYPED if c.whole], ids=lambda c: " ".join(c.words))
def test_a_command_to_type_parses(command: Command) -> None:
    program, *arguments = command.words
    PARSERS[program](tuple(arguments))


@pytest.mark.parametrize(
    "command", [c for c in TYPED if not c.whole], ids=lambda c: " ".join(c.words)
)
def test_a_command_in_a_sentence_exists(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    program, name, *rest = command.words
    if program == "make":
        _parse_make((name, *(word for word in rest if "=" in word)))
        return
    if name.isupper():
        return
    with pytest.raises(SystemExit) as ended:
        PARSERS[program]((name, "--help"))
    assert ended.value.code == 0
    described = capsys.readouterr().out
    for word in rest:
        assert not word.startswith("--") or word in described


@pytest.mark.usefixtures("only_parsing")
@pytest.mark.parametrize(
    "words", ["make nothing", "totesys sql --nowhere x", "glue-local run", "make demo ARGS=--x"]
)
def test_a_wrong_command_is_noticed(words: str) -> None:
    program, *arguments = words.split()
    with pytest.raises((SystemExit, AssertionError)) as ended:
        PARSERS[program](tuple(arguments))
    assert getattr(ended.value, "code", 2) == 2


@pytest.mark.parametrize("path", documents(), ids=shown)
def test_links_lead_somewhere(path: Path) -> None:
    for link in links(read(path)):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(read(target)), link


def test_every_error_has_an_entry_in_the_runbook_and_no_other() -> None:
    text = read(ROOT / "docs" / "runbook.md")
    table = text[text.index("## Errors") : text.index("## A mass delete that is meant")]
    assert len(ERRORS) > 20
    assert first_cells(table) == ERRORS


def test_every_alert_names_its_entry_in_the_runbook() -> None:
    files = sorted((ROOT / "terraform" / "modules" / "monitoring").glob("*.tf"))
    texts = {path.name: read(path) for path in files}
    alarms = re.findall(r'resource "aws_cloudwatch_metric_alarm" "(\w+)"', "".join(texts.values()))
    named = re.findall(r"Runbook: ([\w ]+)\.", "".join(texts.values()))
    named += re.findall(r"docs/runbook\.md of the project, ([\w ]+)\.", "".join(texts.values()))
    rules = re.findall(r'resource "aws_cloudwatch_event_rule" "(\w+)"', "".join(texts.values()))
    assert len(named) == len(alarms) + len(rules)
    headings = re.findall(r"^## (.*)$", read(ROOT / "docs" / "runbook.md"), re.MULTILINE)
    assert {name.lower() for name in named} <= {heading.lower() for heading in headings}
    assert "Budget" in headings


def test_every_log_event_is_explained_and_no_other() -> None:
    text = read(ROOT / "docs" / "operations.md")
    table = text[text.index("## Logs") : text.index("## What a failure leaves behind")]
    assert first_cells(table) == EVENTS


def test_the_page_of_jobs_names_every_argument() -> None:
    page = read(ROOT / "docs" / "jobs.md")
    for settings in SETTINGS.values():
        names = settings.required() | settings.optional()
        assert {name for name in names if f"`--{name}`" not in page} == set(), settings.__name__
    assert set(SETTINGS) == {path.stem for path in (ROOT / "glue_jobs").glob("*.py")}


@pytest.mark.parametrize("path", documents(), ids=shown)
def test_tests_that_a_document_names_exist(path: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", read(path)))
    assert named - TESTS == set()


def test_every_decision_is_in_the_index_and_tells_its_costs() -> None:
    folder = ROOT / "docs" / "decisions"
    records = {path.name: read(path) for path in folder.glob("[0-9]*.md")}
    assert set(links(read(folder / "README.md"))) == set(records)
    for name, text in records.items():
        assert re.search(r"^## Costs$", text, re.MULTILINE), name
        assert 15 <= len(text.splitlines()) <= 40, name


def test_the_readme_has_at_most_150_lines() -> None:
    assert len(read(ROOT / "README.md").splitlines()) <= 150


def test_every_promise_of_glue_has_its_page_and_its_test() -> None:
    text = read(ROOT / "docs" / "glue_fidelity.md")
    rows = [line.strip("| ").split(" | ") for line in re.findall(r"^\|.*\|$", text, re.MULTILINE)]
    promises = [row for row in rows if row[0] not in ("AWS says (page)", "---")]
    assert len(promises) > 80
    for row in promises:
        assert len(row) == 3, row
        says, _, tests = row
        assert re.search(r"\(.+\)|[Uu]ndocumented", says), f"without a page: {says}"
        assert re.fullmatch(r"`test_\w+`(, `test_\w+`)*", tests), f"without a test: {says}"
