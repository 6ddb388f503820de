"""The store of job bookmarks: versions, attempts, rewinding, AWS's shapes."""

import json
from pathlib import Path

import pytest

from awsglue_local.errors import BookmarkNotFoundError, LocalGlueError, VersionMismatchException
from awsglue_local.job import bookmarks


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLUE_LOCAL_STATE", str(tmp_path))


def run(run_id: str, states: dict[str, object]) -> None:
    version, _ = bookmarks.begin("job", run_id)
    bookmarks.commit("job", run_id, version, states)


def test_an_entry_has_awss_shape() -> None:
    run("jr_1", {"orders": {"value": "5"}})
    run("jr_2", {"orders": {"value": "7"}})
    entry = bookmarks.get("job")["JobBookmarkEntry"]
    assert json.loads(entry.pop("JobBookmark")) == {"orders": {"value": "7"}}
    assert entry == {
        "JobName": "job", "Version": 2, "Run": 2, "Attempt": 0,
        "PreviousRunId": "jr_1", "RunId": "jr_2",
    }  # fmt: skip


def test_a_run_without_commit_changes_nothing_but_the_attempt() -> None:
    run("jr_1", {"orders": {"value": "5"}})
    bookmarks.begin("job", "jr_2")
    bookmarks.begin("job", "jr_3")
    entry = bookmarks.get("job")["JobBookmarkEntry"]
    assert (entry["Version"], entry["Run"], entry["Attempt"]) == (1, 1, 1)
    assert bookmarks.states("job") == {"orders": {"value": "5"}}


def test_of_two_concurrent_runs_the_second_commit_fails() -> None:
    run("jr_1", {})
    first, _ = bookmarks.begin("job", "jr_2")
    second, _ = bookmarks.begin("job", "jr_3")
    bookmarks.commit("job", "jr_2", first, {"orders": {"value": "1"}})
    with pytest.raises(VersionMismatchException, match="Expected version 1 but found version 2"):
        bookmarks.commit("job", "jr_3", second, {"orders": {"value": "2"}})
    assert bookmarks.states("job") == {"orders": {"value": "1"}}


def test_reset_forgets_everything() -> None:
    run("jr_1", {"orders": {"value": "5"}})
    entry = bookmarks.reset("job")["JobBookmarkEntry"]
    assert (entry["Run"], entry["Attempt"], entry["JobBookmark"]) == (0, 0, "{}")
    assert bookmarks.begin("job", "jr_2")[1] == {}


def test_reset_to_a_run_goes_back_to_what_it_left() -> None:
    run("jr_1", {"orders": {"value": "5"}})
    run("jr_2", {"orders": {"value": "7"}})
    bookmarks.reset("job", "jr_1")
    assert bookmarks.states("job") == {"orders": {"value": "5"}}


def test_a_run_that_overlaps_a_reset_can_not_save() -> None:
    run("jr_1", {})
    version, _ = bookmarks.begin("job", "jr_2")
    bookmarks.reset("job")
    with pytest.raises(VersionMismatchException):
        bookmarks.commit("job", "jr_2", version, {})


def test_a_job_without_bookmark_is_not_found() -> None:
    with pytest.raises(BookmarkNotFoundError, match="EntityNotFoundException: job none"):
        bookmarks.get("none")
    run("jr_1", {})
    with pytest.raises(BookmarkNotFoundError, match="of run jr_9"):
        bookmarks.reset("job", "jr_9")


def test_jobs_with_unusual_names_are_kept_apart(tmp_path: Path) -> None:
    for name in ("a/b", "a b", "../a"):
        bookmarks.commit(name, "jr_1", 0, {"name": name})
    assert [bookmarks.states(name) for name in ("a/b", "a b", "../a")] == [
        {"name": "a/b"}, {"name": "a b"}, {"name": "../a"},
    ]  # fmt: skip
    assert not (tmp_path / "a.json").exists()


def test_without_a_state_folder_the_message_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GLUE_LOCAL_STATE")
    with pytest.raises(LocalGlueError, match="set GLUE_LOCAL_STATE"):
        bookmarks.begin("job", "jr_1")
