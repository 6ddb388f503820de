"""What explain makes of errors that no server is needed for."""

import psycopg
import pytest

from totesys_etl.connection import Endpoint
from totesys_etl.errors import (
    MassDelete,
    SourceColumnMissing,
    SourceLoginRefused,
    SourceUnreachable,
    TotesysError,
)
from totesys_etl.ingest.failures import explain

ENDPOINT = Endpoint("jdbc:postgresql://db/totesys", "etl", "s3cret", "totesys")


@pytest.mark.parametrize(
    ("sqlstate", "kind", "what"),
    [
        ("57014", SourceUnreachable, "it cancelled the read"),
        ("25P03", SourceUnreachable, "it ended the idle transaction"),
        ("40001", SourceUnreachable, "it is a standby"),
        ("55P03", SourceUnreachable, "another session holds a lock"),
        ("28P01", SourceLoginRefused, "login refused"),
        ("3D000", SourceUnreachable, "the database does not"),
        ("42703", SourceColumnMissing, "it was there when the snapshot was taken"),
    ],
)
def test_a_state_has_a_class(sqlstate: str, kind: type[TotesysError], what: str) -> None:
    error = psycopg.errors.lookup(sqlstate)("said the server\nLINE 1: SELECT")
    explained = explain(error, ENDPOINT)
    assert type(explained) is kind
    assert str(explained).startswith("source db:5432/totesys as etl: ")
    assert what in str(explained)
    assert "\n" not in str(explained)
    assert "s3cret" not in str(explained)


def test_the_cause_behind_an_error_counts() -> None:
    error = RuntimeError("outer")
    error.__cause__ = psycopg.OperationalError("connection refused")
    assert type(explain(error)) is SourceUnreachable


def test_an_error_of_ours_is_itself() -> None:
    error = MassDelete("payment lost 3 of 3 rows")
    assert explain(error) is error


@pytest.mark.parametrize("error", [ValueError("x"), psycopg.errors.lookup("22012")("1/0")])
def test_an_error_that_is_not_the_sources_is_left_alone(error: Exception) -> None:
    assert explain(error) is None
