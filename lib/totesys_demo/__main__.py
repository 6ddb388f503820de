"""`make demo`: the whole platform on this machine."""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import date
from pathlib import Path
from types import FrameType

import psycopg

from awsglue_local.errors import LocalGlueError
from totesys_demo.databases import existing_database
from totesys_demo.errors import DemoError
from totesys_demo.platform import LocalPlatform
from totesys_demo.story import Story, run_simulated

DESCRIPTION = """\
Starts a local AWS, a totesys with its history, and a warehouse; runs the Glue workflows; simulates
a working day; runs them again; and follows every changed row to the warehouse. Ends with exit
code 1 if a row is missing. Everything stays up for a look around until `make down`.

With databases of your own, the same jobs read --source-url (a role with SELECT is enough) and fill
--warehouse-url. Passwords come from TOTESYS_SOURCE_PASSWORD and TOTESYS_WAREHOUSE_PASSWORD or are
asked for, and are kept in the local Secrets Manager only.
"""


def main() -> int:
    """Exit code: 0; 1 when a job failed or a row is missing; 2 when it could not start."""
    signal.signal(signal.SIGTERM, _interrupt)
    arguments = _parser().parse_args()
    try:
        if arguments.source_url or arguments.warehouse_url:
            _existing(arguments)
        else:
            run_simulated(arguments.state, arguments.until, arguments.seed)
    except DemoError as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except (LocalGlueError, psycopg.OperationalError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ndemo: stopped; `make down` stops the servers", file=sys.stderr)
        return 130
    return 0


def _existing(arguments: argparse.Namespace) -> None:
    source, warehouse = (
        existing_database(url, variable) if url else None
        for url, variable in (
            (arguments.source_url, "TOTESYS_SOURCE_PASSWORD"),
            (arguments.warehouse_url, "TOTESYS_WAREHOUSE_PASSWORD"),
        )
    )
    platform = LocalPlatform(arguments.state, source=source, warehouse=warehouse)
    story = Story(platform, arguments.until, arguments.seed)
    if source is None:
        story.simulated()
    else:
        story.existing()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make demo ARGS=...",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=Path(".glue-local"),
        help="folder of the local stack (default .glue-local)",
    )
    parser.add_argument(
        "--until",
        type=date.fromisoformat,
        default=date(2024, 11, 15),
        metavar="DAY",
        help="the working day that is simulated live; history ends before it (default 2024-11-15)",
    )
    parser.add_argument("--seed", type=int, default=5, help="of the simulated day (default 5)")
    parser.add_argument("--source-url", metavar="URL", help="postgresql://reader@host:port/totesys")
    parser.add_argument("--warehouse-url", metavar="URL", help="postgresql://loader@host:port/db")
    return parser


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
