"""A job run's arguments: which value wins, and what Glue itself reads from them.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from collections.abc import Mapping

from awsglue_local.errors import RunError

BOOKMARK_OPTION = "--job-bookmark-option"
INSTALLER_OPTION = "--python-modules-installer-option"
CATALOG = "--enable-glue-datacatalog"
VARIABLES = "--customer-driver-env-vars"
_VARIABLE_PREFIX = "CUSTOMER_"
# Read by Glue before the script starts; the script does not get them.
_CONSUMED = (
    "--conf", "--additional-python-modules", "--extra-py-files", "--extra-files", "--extra-jars",
    INSTALLER_OPTION, VARIABLES,
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


def variables(arguments: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of --customer-driver-env-vars: "CUSTOMER_A=1,CUSTOMER_B=2"."""
    found: dict[str, str] = {}
    for entry in listed(arguments, VARIABLES):
        name, equals, value = entry.partition("=")
        if not equals or not name.startswith(_VARIABLE_PREFIX):
            raise RunError(
                f"{VARIABLES}: {entry!r} is not {_VARIABLE_PREFIX}NAME=value; AWS Glue takes only "
                f"names that begin with {_VARIABLE_PREFIX}"
            )
        found[name] = value.strip('"')
    return found
