"""Connections that open, and those that are refused."""

import socket

import pytest

from glue_fixtures.servers import Database
from totesys_etl.connection import Endpoint
from totesys_etl.errors import (
    WarehouseLoginRefused,
    WarehouseUnreachable,
)
from totesys_etl.load.warehouse import open_warehouse


def test_an_opened_warehouse_is_ready(database: Database) -> None:
    endpoint = Endpoint(database.jdbc_url, database.user, database.password, "warehouse")
    with open_warehouse(endpoint) as warehouse:
        assert warehouse.prepare()
        assert warehouse.loaded_through() == 0


def test_a_login_that_is_refused(database: Database) -> None:
    endpoint = Endpoint(database.jdbc_url, "nobody", "pa55word", "warehouse")
    with (
        pytest.raises(WarehouseLoginRefused, match="Glue connection warehouse") as refusal,
        open_warehouse(endpoint),
    ):
        pass
    assert "pa55word" not in str(refusal.value)


def test_a_server_that_does_not_answer(unused_port: int) -> None:
    endpoint = Endpoint(f"jdbc:postgresql://127.0.0.1:{unused_port}/w", "loader", "pa55word")
    with (
        pytest.raises(WarehouseUnreachable, match=f"127.0.0.1:{unused_port}/w as loader") as gone,
        open_warehouse(endpoint),
    ):
        pass
    assert "pa55word" not in str(gone.value)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
