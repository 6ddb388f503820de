"""The cache of Spark's jars: filled once, whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from awsglue_local.errors import JarsUnavailableError
from awsglue_local.runtime import jars


@pytest.fixture
def resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The Ivy folders asked for, each filled without network by a jar per package."""
    calls: list[Path] = []

    def resolve(ivy: Path) -> None:
        calls.append(ivy)
        (ivy / "jars").mkdir(parents=True)
        for number in range(len(jars.PACKAGES)):
            (ivy / "jars" / f"{number}.jar").touch()

    monkeypatch.setenv("GLUE_LOCAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(jars, "_resolve", resolve)
    return calls


def test_two_at_once_resolve_once(resolved: list[Path], tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(jars.ensure_jars) for _ in range(2))
    assert first.result() == second.result()
    assert len(resolved) == 1
    assert len(list(first.result().glob("*.jar"))) == len(jars.PACKAGES)
    left = [path.suffix for path in (tmp_path / "cache").iterdir() if path != first.result()]
    assert left == [".lock"]


def test_another_version_is_another_folder(
    resolved: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = jars.ensure_jars()
    monkeypatch.setattr(jars, "PACKAGES", (*jars.PACKAGES[:-1], "org.postgresql:postgresql:42.7.4"))
    assert jars.ensure_jars() != before


def test_a_failed_resolution_leaves_nothing_behind(
    resolved: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing_found(ivy: Path) -> None:
        (ivy / "jars").mkdir(parents=True)

    monkeypatch.setattr(jars, "_resolve", nothing_found)
    with pytest.raises(JarsUnavailableError, match="expected at least 5 jars, got"):
        jars.ensure_jars()
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]
