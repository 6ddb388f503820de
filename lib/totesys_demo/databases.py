"""Databases that somebody already has: URLs, passwords, and how they become Glue connections."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from totesys_demo.errors import BadUrl


@dataclass(frozen=True)
class ExistingDatabase:
    """A PostgreSQL database outside the local stack."""

    jdbc_url: str
    user: str
    password: str = field(repr=False)


def existing_database(url: str, password_variable: str) -> ExistingDatabase:
    """From postgresql://user@host:port/database?sslmode=..., password from the environment
    variable or, where there is a terminal, a prompt. BadUrl says what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or not parts.hostname:
        raise BadUrl(f"{_shown(url)}: give postgresql://user@host:port/database")
    if parts.password is not None:
        raise BadUrl(
            "a password in a URL can be seen in the list of processes: leave it out and set "
            f"{password_variable}, or wait to be asked for it"
        )
    if not parts.username or not parts.path.strip("/"):
        raise BadUrl(f"{_shown(url)}: user and database are required: postgresql://user@host/db")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    query = urlencode(parse_qsl(parts.query))
    jdbc_url = f"jdbc:postgresql://{host}:{parts.port or 5432}{parts.path}"
    user = unquote(parts.username)
    password = os.environ.get(password_variable)
    if password is None:
        password = getpass.getpass(f"password of {user} at {host}{parts.path}: ")
    return ExistingDatabase(f"{jdbc_url}?{query}" if query else jdbc_url, user, password)


def _shown(url: str) -> str:
    """The URL without anything that may be a password."""
    return url.rpartition("@")[2]
