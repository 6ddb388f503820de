"""The embedded PostgreSQL: private, in folders only root can enter, gone when stopped."""

import os
import stat
import tempfile
from pathlib import Path

import psutil
import psycopg
import pytest

from awsglue_local.databases.postgres import PostgresServer
from awsglue_local.errors import PostgresError
from awsglue_local.processes import alive


@pytest.mark.parametrize("version", [16, 18])
def test_a_server_in_a_private_folder_starts_answers_and_is_gone(
    tmp_path: Path, version: int
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)  # as root: the server's account can not enter it by permission
    with PostgresServer(private / "data", version, fsync=False) as server:
        server.create_database('o"dd')
        with psycopg.connect(server.conninfo('o"dd')) as connection:
            row = connection.execute(
                "SELECT current_setting('server_version_num')::int / 10000,"
                " current_setting('timezone'), current_setting('server_encoding')"
            ).fetchone()
        assert row == (version, "UTC", "UTF8")
        pid, port = server.pid, server.port
        assert pid is not None
        process = psutil.Process(pid)
        assert process.uids().real != 0
        listening = {c.laddr for c in process.net_connections("tcp") if c.status == "LISTEN"}
        assert listening == {("127.0.0.1", port)}
        sockets = Path((private / "data" / "postmaster.pid").read_text().splitlines()[4])
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert not alive(pid)
    assert not sockets.exists()
    assert server.pid is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as another account")
def test_reachable_folders_need_no_capability(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = Path("/var/tmp") / f"awsglue-{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        with PostgresServer(folder / "data", fsync=False) as server:
            status = Path(f"/proc/{server.pid}/status").read_text()
            effective = next(line for line in status.splitlines() if line.startswith("CapEff"))
            assert int(effective.split()[1], 16) == 0
    finally:
        os.system(f"rm -rf {folder}")


def test_the_password_is_needed_and_nowhere_on_disk(tmp_path: Path) -> None:
    with PostgresServer(tmp_path / "data", fsync=False) as server:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.conninfo(), password="guess")
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(server.conninfo(), password="", passfile="/dev/null")
        secret = server.password.encode()
        files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
        assert len(files) > 100
        assert [path for path in files if secret in path.read_bytes()] == []


def test_another_process_can_attach_and_data_outlives_a_restart(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "data", fsync=False).start()
    try:
        server.create_database("kept")
        attached = PostgresServer.attach(tmp_path / "data", server.password)
        assert (attached.port, attached.pid) == (server.port, server.pid)
        with pytest.raises(PostgresError, match=r"runs on .* already"):
            PostgresServer(tmp_path / "data").start()
        attached.stop()
        with pytest.raises(PostgresError, match="no PostgreSQL server runs"):
            PostgresServer.attach(tmp_path / "data", server.password)
        server.start()
        psycopg.connect(server.conninfo("kept")).close()
    finally:
        server.stop()


def test_open_connections_do_not_keep_it_from_stopping(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "data", fsync=False).start()
    connection = psycopg.connect(server.conninfo())
    server.stop()
    assert server.pid is None
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")


def test_a_taken_port_is_reported_with_the_servers_words(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PostgresServer(tmp_path / "one", fsync=False) as first:
        temporary = tmp_path_factory.mktemp("t")
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        second = PostgresServer(tmp_path / "two", port=first.port, fsync=False)
        with pytest.raises(PostgresError, match="Address already in use"):
            second.start()
        assert second.pid is None
        assert list(temporary.iterdir()) == []


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match=r"choose one of \[16, 18\]"):
        PostgresServer(tmp_path, version=13)
