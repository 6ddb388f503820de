"""One PostgreSQL endpoint, as a Glue connection describes it, for JDBC and for psycopg.

A Glue connection holds a JDBC URL; Spark takes it as it is, psycopg (libpq) needs its parts. Both
must reach the same server with the same transport security: what only one understands is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import psycopg
from psycopg.rows import TupleRow

from totesys_etl.errors import SettingInvalid

Connection: TypeAlias = psycopg.Connection[TupleRow]
Failure: TypeAlias = Literal["unreachable", "login", "database", "other"]

_SCHEME = "jdbc:postgresql://"
_SHARED_PARAMETERS = {
    "sslmode": "sslmode",
    "sslrootcert": "sslrootcert",
    "sslcert": "sslcert",
    "sslkey": "sslkey",
    "gssEncMode": "gssencmode",
    "channelBinding": "channel_binding",
}
"""JDBC parameter -> libpq parameter of the same meaning (pgjdbc and libpq manuals)."""
_ENCRYPTED_MODES = ("require", "verify-ca", "verify-full")


@dataclass(frozen=True)
class Endpoint:
    """A database and who logs in. `url` is the JDBC URL as entered in the Glue connection.

    `connection` is the Glue connection's name, for messages only. Raises SettingInvalid for a URL
    that does not name exactly one PostgreSQL host and database.
    """

    url: str
    user: str
    password: str = field(repr=False)
    connection: str = ""

    def __post_init__(self) -> None:
        self.conninfo()

    def conninfo(self) -> dict[str, str]:
        """Keywords for psycopg.connect: host, port, dbname, user, password, TLS settings."""
        if not self.url.startswith(_SCHEME):
            raise SettingInvalid(f"{self._where}: the JDBC URL must start with {_SCHEME}")
        host, port, database, parameters = self._parts()
        return {
            "host": host,
            "port": str(port),
            "dbname": database,
            "user": self.user,
            "password": self.password,
            **self._transport(parameters),
        }

    @property
    def redacted(self) -> str:
        """'host:port/database as user', for messages and logs."""
        host, port, database, _ = self._parts()
        shown = f"[{host}]" if ":" in host else host
        return f"{shown}:{port}/{database} as {self.user}"

    @property
    def credentials(self) -> str:
        """Where the user and password come from, for messages."""
        if self.connection:
            return f"the secret of Glue connection {self.connection}"
        return "the secret of the Glue connection"

    @property
    def _where(self) -> str:
        return f"Glue connection {self.connection}" if self.connection else "Glue connection"

    def _parts(self) -> tuple[str, int, str, dict[str, str]]:
        parts = urlsplit(self.url.removeprefix("jdbc:"))
        if "@" in parts.netloc:
            raise SettingInvalid(
                f"{self._where}: user and password belong in its secret, not the URL"
            )
        if "," in parts.netloc:
            raise SettingInvalid(
                f"{self._where}: the JDBC URL names several hosts; name one, because a snapshot"
                " exists on one server only"
            )
        try:
            port = parts.port or 5432
        except ValueError as error:
            raise SettingInvalid(f"{self._where}: the JDBC URL's port is not a number") from error
        database = unquote_plus(parts.path.removeprefix("/"))
        if not parts.hostname or not database or "/" in database:
            raise SettingInvalid(
                f"{self._where}: the JDBC URL must be {_SCHEME}<host>:<port>/<database>"
            )
        parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
        return parts.hostname, port, database, parameters

    def _transport(self, parameters: Mapping[str, str]) -> dict[str, str]:
        if {"user", "password"} & parameters.keys():
            raise SettingInvalid(
                f"{self._where}: user and password belong in its secret, not the URL"
            )
        known = {*_SHARED_PARAMETERS, "ssl"}
        untranslatable = sorted(p for p in parameters if p.startswith("ssl") and p not in known)
        if untranslatable:
            raise SettingInvalid(
                f"{self._where}: URL parameter {', '.join(untranslatable)} has no meaning outside"
                " JDBC; use sslmode, sslrootcert, sslcert, sslkey"
            )
        transport = {
            libpq: parameters[jdbc]
            for jdbc, libpq in _SHARED_PARAMETERS.items()
            if jdbc in parameters
        }
        if parameters.get("ssl") in ("", "true"):
            # What pgjdbc makes of ssl=true when no mode is given.
            transport.setdefault("sslmode", "verify-full")
        return transport


def endpoint(conf: Mapping[str, str], connection: str = "") -> Endpoint:
    """The endpoint in the map that GlueContext.extract_jdbc_conf returns.

    Uses fullUrl (url lacks the database), user, password and enforceSSL. Raises SettingInvalid
    naming what is missing or contradictory.
    Source: AWS Glue developer guide, GlueContext class, extract_jdbc_conf.
    """
    where = f"Glue connection {connection}" if connection else "Glue connection"
    missing = [key for key in ("fullUrl", "user", "password") if not conf.get(key)]
    if missing:
        raise SettingInvalid(
            f"{where}: {', '.join(missing)} missing; set JDBC_CONNECTION_URL and a SECRET_ID whose"
            " secret has username and password"
        )
    made = Endpoint(conf["fullUrl"], conf["user"], conf["password"], connection)
    if conf.get("enforceSSL") == "true" and made.conninfo().get("sslmode") not in _ENCRYPTED_MODES:
        raise SettingInvalid(
            f"{where}: JDBC_ENFORCE_SSL is true, so the URL needs sslmode=verify-full (or"
            " verify-ca, require)"
        )
    return made


def connect(
    endpoint: Endpoint, application_name: str, *, autocommit: bool = False, **options: Any
) -> Connection:
    """A psycopg connection with UTF-8, UTC and ISO dates. `options` are further libpq keywords.

    A dead peer is noticed within about a minute. psycopg.OperationalError is left as it is:
    `classify` tells what it means, and the caller raises its own class.
    """
    keywords: dict[str, Any] = {
        "connect_timeout": 10,
        "keepalives": 1,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "client_encoding": "UTF8",
        "options": "-c timezone=UTC -c datestyle=ISO",
        "application_name": application_name,
    }
    return psycopg.connect(**(keywords | endpoint.conninfo() | options), autocommit=autocommit)


_MESSAGES: tuple[tuple[Failure, tuple[str, ...]], ...] = (
    (
        "login",
        (
            "password authentication failed",
            "authentication failed for user",
            "no pg_hba.conf entry",
            "no password supplied",
            "is not permitted to log in",
        ),
    ),
    ("database", ('FATAL:  database "', "permission denied for database")),
)


def classify(error: BaseException) -> Failure:
    """What a psycopg error says about the endpoint.

    'login': user or password refused; 'database': no such database, or no CONNECT right;
    'unreachable': no server answered, it is starting or stopping, or the connection broke;
    'other': the server answered, and the fault lies in the statement or in its objects.
    """
    state = getattr(error, "sqlstate", None)
    if state is not None:
        return classify_state(str(state))
    # libpq keeps no SQLSTATE of a refused connection, only the server's text.
    text = str(error)
    for failure, needles in _MESSAGES:
        if any(needle in text for needle in needles):
            return failure
    if 'FATAL:  role "' in text:
        return "login"
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return "unreachable"
    return "other"


def classify_state(sqlstate: str) -> Failure:
    """The same for a SQLSTATE (PostgreSQL manual, appendix A)."""
    if sqlstate.startswith("28"):
        return "login"
    if sqlstate.startswith("3D"):
        return "database"
    if sqlstate.startswith("08") or sqlstate in ("53300", "57P01", "57P02", "57P03", "57P05"):
        return "unreachable"
    return "other"
