"""A job run's arguments: which value wins, and what Glue itself reads from them.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from collections.abc import Mapping

from awsglue_local.errors import RunError

# Read by Glue before the script starts; the script does not get them.
_CONSUMED = ("--conf", "--additional-python-modules", "--extra-py-files")
BOOKMARK_OPTION = "--job-bookmark-option"


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


def modules(arguments: Mapping[str, str]) -> list[str]:
    """The comma-separated entries of --extra-py-files and --additional-python-modules."""
    given = (
        arguments.get("--extra-py-files", ""),
        arguments.get("--additional-python-modules", ""),
    )
    return [part.strip() for text in given for part in text.split(",") if part.strip()]
