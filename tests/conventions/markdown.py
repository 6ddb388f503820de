"""What a Markdown document tells its reader to type and where it sends him."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("make", "totesys", "glue-local")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_OPERATORS = {"&&", "||", "|", ";", "&"}


@dataclass(frozen=True)
class Command:
    """One of PROGRAMS with its arguments. `whole`: from a block that is meant to be typed as it
    is; else mentioned in a sentence, where arguments may be left out."""

    document: str
    words: tuple[str, ...]
    whole: bool


def commands(document: str, text: str) -> Iterator[Command]:
    """The commands in `sh` fences, indented blocks and code spans of a document, in no order."""
    for language, block in _FENCE.findall(text):
        if language == "sh":
            for line in block.splitlines():
                yield from _of_line(document, line, whole=True)
    prose = _FENCE.sub("", text)
    for line in re.findall(r"^    (\S.*)$", prose, re.MULTILINE):
        yield from _of_line(document, line, whole=True)
    for span in re.findall(r"`([^`\n]+)`", prose):
        if " " in span:
            yield from _of_line(document, span, whole=False)


def _of_line(document: str, line: str, *, whole: bool) -> Iterator[Command]:
    if line.split()[0].rpartition("/")[2] not in {*PROGRAMS, "eval"}:
        return
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for token in [*lexer, "&&"]:
        if token not in _OPERATORS:
            words.append(token)
            for inner in re.findall(r"\$\(([^)]+)\)", token):
                yield from _of_line(document, inner, whole=whole)
            continue
        if words and words[0].rpartition("/")[2] in PROGRAMS:
            yield Command(document, (words[0].rpartition("/")[2], *words[1:]), whole)
        words = []


def links(text: str) -> list[str]:
    """Targets of the links, those outside the project left out."""
    found = re.findall(r"\]\(([^)\s]+)\)", _FENCE.sub("", text))
    return [target for target in found if "://" not in target]


def anchors(text: str) -> set[str]:
    """What #... may name in a document: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def first_cells(text: str) -> set[str]:
    """The code words in the first cells of a document's tables."""
    cells = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
