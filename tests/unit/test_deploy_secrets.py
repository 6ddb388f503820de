"""The questions of `make secrets`, against a Secrets Manager."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from totesys_deploy.errors import SecretMissing
from totesys_deploy.secrets import fill


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="eu-west-2")


def answers(*lines: str) -> Any:
    told = iter(lines)
    return lambda question: next(told)


def test_a_login_is_stored_as_the_connection_wants_it(manager: Any) -> None:
    manager.create_secret(Name="acme/load")
    assert fill(manager, "acme/load", answers("loader\n"), answers("", 'p"w'))
    stored = json.loads(manager.get_secret_value(SecretId="acme/load")["SecretString"])
    assert stored == {"username": "loader", "password": 'p"w'}


def test_no_user_leaves_the_secret_as_it_is(manager: Any) -> None:
    manager.create_secret(Name="acme/load", SecretString="before")
    assert not fill(manager, "acme/load", answers("\n"), answers())
    assert manager.get_secret_value(SecretId="acme/load")["SecretString"] == "before"


def test_a_secret_that_terraform_has_not_made_is_named(manager: Any) -> None:
    with pytest.raises(SecretMissing, match="acme/load does not exist: run `make deploy`"):
        fill(manager, "acme/load", answers("loader"), answers("x"))
