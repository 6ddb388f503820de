"""getResolvedOptions as AWS describes it and as its own wrappers of Glue 5.1 behave."""

import argparse

import pytest

from awsglue.utils import GlueArgumentError, getResolvedOptions

pytestmark = pytest.mark.conformance

GLUES_OWN = {
    "job_bookmark_option": "job-bookmark-disable",
    "job_bookmark_from": None,
    "job_bookmark_to": None,
    "JOB_ID": None,
    "JOB_RUN_ID": None,
    "SECURITY_CONFIGURATION": None,
    "encryption_type": None,
    "enable_data_lineage": None,
    "RedshiftTempDir": None,
    "TempDir": None,
}


def resolve(*given: str, options: tuple[str, ...] = ()) -> dict[str, str | None]:
    return getResolvedOptions(["script.py", *given], list(options))


def test_glues_own_names_are_always_in_the_result() -> None:
    assert resolve() == GLUES_OWN


@pytest.mark.parametrize(
    ("given", "options", "expected"),
    [
        (["--day", "1"], ("day",), {"day": "1"}),
        (["--day=1"], ("day",), {"day": "1"}),
        (["--day", "1", "--day", "2"], ("day",), {"day": "2"}),
        (["--day", ""], ("day",), {"day": ""}),
        (["--number", "-5"], ("number",), {"number": "-5"}),
        (["--my-day", "1"], ("my-day",), {"my_day": "1"}),
        (["--day", "1", "--other", "x"], ("day",), {"day": "1"}),
        (["--day=--x"], ("day",), {"day": "--x"}),
        (["--source_sch", "public"], ("source_schema",), {"source_schema": "public"}),
        (["--JOB_RUN_ID", "jr_1"], (), {"JOB_RUN_ID": "jr_1"}),
        ([], ("TempDir",), {}),
        (["--TempDir", "s3://t"], (), {"TempDir": "s3://t", "RedshiftTempDir": "s3://t"}),
    ],
    ids=[
        "value", "equals", "last_wins", "empty", "negative_number", "hyphen", "unknown_ignored",
        "dashes_after_equals", "unambiguous_prefix", "run_id", "temporary_folder_is_optional",
        "temporary_folder_under_both_names",
    ],
)  # fmt: skip
def test_arguments_become_strings(
    given: list[str], options: tuple[str, ...], expected: dict[str, str]
) -> None:
    assert resolve(*given, options=options) == GLUES_OWN | expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "the following arguments are required: --day"),
        (["--day", "--x"], "argument --day: expected one argument"),
        (["--day", "1", "--job-bookmark-option", "yes"], "invalid choice: 'yes'"),
    ],
)
def test_wrong_arguments_raise_glue_argument_error(given: list[str], message: str) -> None:
    with pytest.raises(GlueArgumentError, match=message):
        resolve(*given, options=("day",))


@pytest.mark.parametrize("name", ["JOB_RUN_ID", "JOB_ID", "SECURITY_CONFIGURATION"])
def test_asking_for_a_name_that_is_always_there_raises(name: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="conflicting option string"):
        resolve(options=(name,))


def test_asking_for_a_bookmark_argument_raises() -> None:
    with pytest.raises(RuntimeError, match="Using reserved arguments"):
        resolve(options=("job-bookmark-option",))


def test_a_pause_needs_both_ends_or_none() -> None:
    pause = ("--job-bookmark-option", "job-bookmark-pause")
    both = resolve(*pause, "--job-bookmark-from", "jr_1", "--job-bookmark-to", "jr_2")
    assert (both["job_bookmark_from"], both["job_bookmark_to"]) == ("jr_1", "jr_2")
    assert resolve(*pause)["job_bookmark_option"] == "job-bookmark-pause"
    with pytest.raises(RuntimeError, match="Missing option or value for --job-bookmark-to"):
        resolve(*pause, "--job-bookmark-from", "jr_1")


def test_ends_without_a_pause_raise() -> None:
    with pytest.raises(RuntimeError, match=r"Invalid option\(s\)"):
        resolve("--job-bookmark-from", "jr_1", "--job-bookmark-to", "jr_2")
