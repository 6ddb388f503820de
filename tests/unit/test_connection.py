"""JDBC URLs as Glue connections hold them, for libpq; nothing ever shows a password."""

import psycopg
import pytest

from totesys_etl.connection import Endpoint, classify, classify_state, endpoint
from totesys_etl.errors import SettingInvalid

PASSWORD = "s3cret ?&"


def _endpoint(url: str) -> Endpoint:
    return Endpoint(url, "etl", PASSWORD, "totesys")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("jdbc:postgresql://db/totesys", {"host": "db", "port": "5432", "dbname": "totesys"}),
        ("jdbc:postgresql://db:6432/totesys?", {"host": "db", "port": "6432", "dbname": "totesys"}),
        ("jdbc:postgresql://[::1]:5433/t", {"host": "::1", "port": "5433", "dbname": "t"}),
        ("jdbc:postgresql://[fe80::2]/t", {"host": "fe80::2", "port": "5432", "dbname": "t"}),
        ("jdbc:postgresql://db/a%20b+c", {"host": "db", "port": "5432", "dbname": "a b c"}),
        (
            "jdbc:postgresql://db/t?sslmode=verify-full&sslrootcert=/certs/rds%20eu.pem",
            {
                "host": "db",
                "port": "5432",
                "dbname": "t",
                "sslmode": "verify-full",
                "sslrootcert": "/certs/rds eu.pem",
            },
        ),
        (
            "jdbc:postgresql://db/t?ssl=true&gssEncMode=disable&prepareThreshold=0",
            {
                "host": "db",
                "port": "5432",
                "dbname": "t",
                "sslmode": "verify-full",
                "gssencmode": "disable",
            },
        ),
        (
            "jdbc:postgresql://db/t?ssl=true&sslmode=require",
            {"host": "db", "port": "5432", "dbname": "t", "sslmode": "require"},
        ),
    ],
)
def test_a_jdbc_url_as_libpq_keywords(url: str, expected: dict[str, str]) -> None:
    assert _endpoint(url).conninfo() == {**expected, "user": "etl", "password": PASSWORD}


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://db/totesys", "must start with jdbc:postgresql://"),
        ("jdbc:mysql://db/totesys", "must start with jdbc:postgresql://"),
        ("jdbc:postgresql://db", "must be jdbc:postgresql://<host>:<port>/<database>"),
        ("jdbc:postgresql:///totesys", "must be jdbc:postgresql://<host>:<port>/<database>"),
        ("jdbc:postgresql://db:port/totesys", "port is not a number"),
        ("jdbc:postgresql://a:1,b:2/totesys", "several hosts"),
        ("jdbc:postgresql://etl:pw@db/totesys", "belong in its secret"),
        ("jdbc:postgresql://db/totesys?password=pw", "belong in its secret"),
        ("jdbc:postgresql://db/totesys?sslfactory=x.Y", "sslfactory has no meaning outside JDBC"),
    ],
)
def test_a_url_that_does_not_name_one_database_is_refused(url: str, message: str) -> None:
    with pytest.raises(SettingInvalid, match="Glue connection totesys: .*" + message) as caught:
        _endpoint(url)
    assert "pw" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_password_is_never_shown() -> None:
    made = _endpoint("jdbc:postgresql://[::1]/totesys")
    assert PASSWORD not in repr(made)
    assert made.redacted == "[::1]:5432/totesys as etl"


CONF = {
    "fullUrl": "jdbc:postgresql://db/totesys",
    "url": "jdbc:postgresql://db:5432",
    "user": "etl",
    "password": PASSWORD,
    "vendor": "postgresql",
    "enforceSSL": "false",
}


def test_an_endpoint_is_made_from_what_glue_knows_of_a_connection() -> None:
    assert endpoint(CONF, "totesys") == _endpoint("jdbc:postgresql://db/totesys")


@pytest.mark.parametrize("missing", ["fullUrl", "user", "password"])
def test_what_a_connection_lacks_is_named(missing: str) -> None:
    with pytest.raises(SettingInvalid, match=f"Glue connection totesys: {missing} missing"):
        endpoint({**CONF, missing: ""}, "totesys")


@pytest.mark.parametrize("mode", ["", "?sslmode=prefer", "?sslmode=disable"])
def test_enforced_ssl_needs_a_mode_that_enforces_it(mode: str) -> None:
    with pytest.raises(SettingInvalid, match="JDBC_ENFORCE_SSL"):
        endpoint({**CONF, "enforceSSL": "true", "fullUrl": CONF["fullUrl"] + mode})


def test_enforced_ssl_with_a_mode_that_enforces_it() -> None:
    url = CONF["fullUrl"] + "?sslmode=verify-full"
    assert endpoint({**CONF, "enforceSSL": "true", "fullUrl": url}).url == url


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('connection failed: FATAL:  password authentication failed for user "etl"', "login"),
        ('connection failed: FATAL:  role "etl" does not exist', "login"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "etl"', "login"),
        ("fe_sendauth: no password supplied", "login"),
        ('connection failed: FATAL:  database "nowhere" does not exist', "database"),
        ("connection failed: Connection refused", "unreachable"),
        ("FATAL:  the database system is starting up", "unreachable"),
        ("FATAL:  sorry, too many clients already", "unreachable"),
    ],
)
def test_a_refused_connection_is_classified_by_its_text(message: str, expected: str) -> None:
    assert classify(psycopg.OperationalError(message)) == expected


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("28P01", "login"),
        ("28000", "login"),
        ("3D000", "database"),
        ("08006", "unreachable"),
        ("57P01", "unreachable"),
        ("53300", "unreachable"),
        ("42P01", "other"),
    ],
)
def test_an_error_with_a_state_is_classified_by_it(sqlstate: str, expected: str) -> None:
    assert classify_state(sqlstate) == expected
    assert classify(psycopg.errors.lookup(sqlstate)("x")) == expected


def test_other_errors_say_nothing_of_the_endpoint() -> None:
    assert classify(ValueError("connection refused")) == "other"
