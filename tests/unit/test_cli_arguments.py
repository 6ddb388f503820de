"""A command that cannot be done ends in one sentence and exit code 2."""

import pytest

from totesys_etl.cli import main as totesys


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "totesys: the following arguments are required: COMMAND; see totesys --help"),
        (["nothing"], "totesys: argument COMMAND: invalid choice: 'nothing'"),
        (["sql"], "totesys sql: the following arguments are required: statement"),
        (["batches", "--last", "x"], "totesys batches: argument --last: invalid int value: 'x'"),
        (["rebuild"], "totesys rebuild: say what to rebuild: --current, --star, --warehouse"),
        (["rebuild", "--star"], "totesys rebuild: add --swap to replace what is in use"),
        (["audit", "more"], "totesys: unrecognized arguments: more"),
        (["scrub", "--all"], "totesys: unrecognized arguments: --all"),
    ],
)
def test_wrong_arguments(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        totesys(words)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(sentence)
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["audit"], ["batches"], ["certificate"], ["rebuild", "--star", "--swap"], ["scrub"],
        ["sql", "SELECT 1"], ["sql", "--lake", "SELECT 1"], ["sql", "--source", "SELECT 1"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_without_aws(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert totesys(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("totesys: Could not connect to the endpoint URL")
    assert "glue-local env" in captured.err
    assert captured.err.count("\n") == 1
