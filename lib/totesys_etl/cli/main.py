"""Command line `totesys`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

import botocore.exceptions
import psycopg

from totesys_etl.cli import audit, batches, certificate, rebuild, scrub, sql
from totesys_etl.errors import JobRunFailed, TotesysError

COMMANDS = (audit, batches, certificate, rebuild, scrub, sql)

DESCRIPTION = """\
Looks into the totesys data platform: what was captured, whether it is proven equal to the source,
and what the data says. Buckets and connections are read from the Glue jobs, so it works on AWS
(credentials and region as for the AWS CLI) and on the local AWS of `make demo`
(first: eval "$(.venv/bin/glue-local env)").
"""

EXAMPLES = """\
examples:
  totesys batches                                   what each batch brought
  totesys certificate                               proofs: lake = source, warehouse = lake
  totesys audit                                     compare the warehouse with all changes, now
  totesys scrub                                     compare every row with the source, now
  totesys rebuild --current --swap                  replace lost or damaged current rows
  totesys sql "SELECT count(*) FROM current_payment"
  totesys sql --lake "SELECT op, count(*) FROM totesys_star.fact_payment GROUP BY op"
  totesys sql --source "SELECT * FROM staff WHERE staff_id = 1"
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0; 1 when a job did not succeed; 2, with one sentence on stderr, when the command could not
        be done.
    """
    parser = _Parser(
        prog="totesys",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.register(commands)
    arguments = parser.parse_args(argv)
    if hasattr(arguments, "check"):
        arguments.check(arguments)
    try:
        arguments.run(arguments)
    except JobRunFailed as error:
        return _fail(str(error), code=1)
    except (TotesysError, psycopg.Error) as error:
        return _fail(" ".join(str(error).split()) or type(error).__name__)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        reason = str(error).rstrip(".")
        return _fail(
            f'{reason}. Is AWS configured? For the local AWS: eval "$(.venv/bin/glue-local env)"'
        )
    except BrokenPipeError:
        return 1
    return 0


def _fail(message: str, code: int = 2) -> int:
    print(f"totesys: {message}", file=sys.stderr)
    return code
