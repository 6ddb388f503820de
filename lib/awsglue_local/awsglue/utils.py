"""Job arguments, as on Glue 5.x.

Source:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-get-resolved-options.html

"""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

BOOKMARK_OPTIONS = ("job-bookmark-enable", "job-bookmark-disable", "job-bookmark-pause")
_RESERVED = frozenset(
    {"job-bookmark-option", "job-bookmark-from", "job-bookmark-to", "continuation-option"}
)
# In the result whether asked for or not; None where the run did not get the argument.
_ALWAYS_PRESENT = (
    "job-bookmark-from",
    "job-bookmark-to",
    "JOB_ID",
    "JOB_RUN_ID",
    "SECURITY_CONFIGURATION",
    "encryption-type",
    "enable-data-lineage",
)
_TEMPORARY = ("RedshiftTempDir", "TempDir")


class GlueArgumentError(Exception):
    """A required argument is missing, or an argument has no or a wrong value."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise GlueArgumentError(message)


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, Any]:
    """The values of the arguments named in `options` (all required) and of Glue's own; strings or
    None.

    `args` is sys.argv. Hyphens in names become underscores; unknown arguments are ignored; the last
    of a repeated argument wins. Raises GlueArgumentError for a missing one, RuntimeError for
    reserved names and for bookmark arguments that do not fit each other, argparse.ArgumentError
    when JOB_RUN_ID, JOB_ID or SECURITY_CONFIGURATION are asked for (they are in the result anyway).
    """
    reserved = sorted(_RESERVED.intersection(options))
    if reserved:
        raise RuntimeError(f"Using reserved arguments {', '.join(reserved)}")
    parser = _Parser()
    parser.add_argument(
        "--job-bookmark-option", choices=BOOKMARK_OPTIONS, default="job-bookmark-disable"
    )
    for name in (*_ALWAYS_PRESENT, *_TEMPORARY):
        parser.add_argument(f"--{name}")
    for name in options:
        if name not in _TEMPORARY:
            parser.add_argument(f"--{name}", required=True)
    parsed = vars(parser.parse_known_args(list(args[1:]))[0])
    _check_bookmark_arguments(parsed)
    temporary = parsed["TempDir"] or parsed["RedshiftTempDir"]
    return parsed | dict.fromkeys(_TEMPORARY, temporary)


def _check_bookmark_arguments(parsed: dict[str, Any]) -> None:
    given = {name for name in ("from", "to") if parsed[f"job_bookmark_{name}"] is not None}
    if not given:
        return
    if parsed["job_bookmark_option"] != "job-bookmark-pause":
        raise RuntimeError(
            "Invalid option(s): --job-bookmark-from and --job-bookmark-to need "
            "--job-bookmark-option job-bookmark-pause"
        )
    for name in ("from", "to"):
        if name not in given:
            raise RuntimeError(f"Missing option or value for --job-bookmark-{name}")
