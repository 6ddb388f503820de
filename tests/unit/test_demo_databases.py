"""Where the password of a user's own database comes from: a variable or a prompt, never the URL."""

import pytest

from totesys_demo import databases
from totesys_demo.databases import existing_database
from totesys_demo.errors import BadUrl

URL = "postgresql://etl%40corp@db.example:6543/totesys?sslmode=require"


def test_the_password_is_asked_for_when_no_variable_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "s3cret"

    monkeypatch.delenv("SOURCE_PASSWORD", raising=False)
    monkeypatch.setattr(databases.getpass, "getpass", answer)
    found = existing_database(URL, "SOURCE_PASSWORD")
    assert asked == ["password of etl@corp at db.example/totesys: "]
    assert (found.user, found.password) == ("etl@corp", "s3cret")
    assert found.jdbc_url == "jdbc:postgresql://db.example:6543/totesys?sslmode=require"


def test_a_password_in_the_variable_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_PASSWORD", "s3cret")
    monkeypatch.setattr(databases.getpass, "getpass", lambda prompt: pytest.fail(prompt))
    assert existing_database(URL, "SOURCE_PASSWORD").password == "s3cret"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://etl:hidden@db.example/totesys", "leave it out and set SOURCE_PASSWORD"),
        ("mysql://etl:hidden@db.example/totesys", "give postgresql://user@host:port/database"),
        ("postgresql://db.example/totesys", "user and database are required"),
    ],
)
def test_a_url_that_is_refused_is_shown_without_its_password(url: str, told: str) -> None:
    with pytest.raises(BadUrl) as refused:
        existing_database(url, "SOURCE_PASSWORD")
    assert told in str(refused.value)
    assert "hidden" not in str(refused.value)
