"""A job run's arguments: which value wins, and what Glue itself reads from them.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

import re
from collections.abc import Mapping

from awsglue_local.errors import RunError

PAGE = "https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html"
BOOKMARK_OPTION = "--job-bookmark-option"
INSTALLER_OPTION = "--python-modules-installer-option"
CATALOG = "--enable-glue-datacatalog"
VARIABLES = "--customer-driver-env-vars"
EXECUTOR_VARIABLES = "--customer-executor-env-vars"
SCRIPT = "--scriptLocation"
_VARIABLE_PREFIX = "CUSTOMER_"
_VARIABLE = re.compile(r'\s*(?P<name>\w+)=(?P<value>"[^"]*"|[^,"]*)(?:,|$)')
_NOT_IMITATED = {
    "--class": None, "--job-language": "python", "--datalake-formats": None,
    "--continuous-log-logGroup": None, "--continuous-log-logStreamPrefix": None,
    "--enable-lakeformation-fine-grained-access": "false",
}  # fmt: skip
"""With the value that changes nothing. What tunes speed, billing or consoles is ignored."""
# Read by Glue before the script starts; the script does not get them.
_CONSUMED = (
    "--conf", "--additional-python-modules", "--extra-py-files", "--extra-files", "--extra-jars",
    INSTALLER_OPTION, VARIABLES, EXECUTOR_VARIABLES, SCRIPT,
)  # fmt: skip


def resolve(
    default: Mapping[str, str], run: Mapping[str, str], not_overridable: Mapping[str, str]
) -> dict[str, str]:
    """Arguments by precedence: NonOverridableArguments, then those of the run or trigger, then
    DefaultArguments.
    """
    return {BOOKMARK_OPTION: "job-bookmark-disable", **default, **run, **not_overridable}


def command_line(identity: Mapping[str, str], arguments: Mapping[str, str]) -> list[str]:
    """What stands after the script's name; `identity` (JOB_NAME, JOB_RUN_ID, ...) comes first."""
    passed = {key: value for key, value in arguments.items() if key not in _CONSUMED}
    return [text for pair in {**identity, **passed}.items() for text in pair]


def spark_settings(conf: str | None) -> dict[str, str]:
    """The settings in a --conf argument: "k=v --conf k2=v2"."""
    settings: dict[str, str] = {}
    for part in (conf or "").split("--conf"):
        if part.strip():
            key, equals, value = part.strip().partition("=")
            if not equals:
                raise RunError(f"--conf {part.strip()!r} is not key=value")
            settings[key.strip()] = value.strip()
    return settings


def listed(arguments: Mapping[str, str], name: str) -> list[str]:
    """The comma-separated entries of an argument."""
    return [part.strip() for part in arguments.get(name, "").split(",") if part.strip()]


def variables(arguments: Mapping[str, str], name: str = VARIABLES) -> dict[str, str]:
    """The environment variables in an argument: 'CUSTOMER_A=1,CUSTOMER_B="with, comma"'.

    AWS ignores names that do not begin with CUSTOMER_.
    """
    text, at = arguments.get(name, "").replace('\\"', '"'), 0
    found: dict[str, str] = {}
    while at < len(text):
        entry = _VARIABLE.match(text, at)
        if entry is None:
            raise RunError(
                f"{name}: {text[at:]!r} does not begin with {_VARIABLE_PREFIX}NAME=value"
            )
        if entry["name"].startswith(_VARIABLE_PREFIX):
            found[entry["name"]] = entry["value"].strip('"')
        at = entry.end()
    return found


def with_catalog(arguments: Mapping[str, str]) -> bool:
    """Whether spark.sql sees the Data Catalog."""
    return arguments.get(CATALOG, "false").lower() != "false"


def check(arguments: Mapping[str, str]) -> None:
    """RunError for an argument that Glue acts on and the imitation does not."""
    for name, harmless in _NOT_IMITATED.items():
        if arguments.get(name, harmless) != harmless:
            raise RunError(f"argument {name} is not imitated locally; on AWS see {PAGE}")
