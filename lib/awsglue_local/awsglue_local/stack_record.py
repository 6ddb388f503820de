"""What a stack writes down of itself, so that a later command finds it: stack.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from awsglue_local import processes

FILE = "stack.json"


@dataclass(frozen=True)
class Part:
    """A server: where it listens, and which process it is."""

    port: int
    process: processes.Identity

    @classmethod
    def of(cls, port: int, pid: int | None) -> Part:
        """The part that the running process `pid` is."""
        return cls(port, processes.identity(pid or 0))

    @property
    def pid(self) -> int:
        """Number of its process."""
        return int(self.process["pid"])

    def lives(self) -> bool:
        """Whether its process still runs."""
        return processes.same(self.process)


@dataclass(frozen=True)
class Record:
    """A stack as its last `up` left it; not complete while that is under way."""

    complete: bool
    region: str
    aws: Part
    postgres: dict[str, Part]
    parameters: dict[str, str]

    def lives(self) -> bool:
        """Whether all of it was started, and every process still runs."""
        return self.complete and all(part.lives() for part in (self.aws, *self.postgres.values()))

    def write(self, state_dir: Path) -> None:
        """Replaces the record of the state folder."""
        draft = (state_dir / FILE).with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=2))
        draft.replace(state_dir / FILE)

    @classmethod
    def read(cls, state_dir: Path) -> Record | None:
        """The record of the state folder; None if there is none."""
        file = state_dir / FILE
        if not file.exists():
            return None
        shown = json.loads(file.read_text())
        postgres = {name: Part(**part) for name, part in shown["postgres"].items()}
        return cls(**{**shown, "aws": Part(**shown["aws"]), "postgres": postgres})
