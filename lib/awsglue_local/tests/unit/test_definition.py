"""The workflow definition: parameters, AWS's field names and types, AWS's rules."""

import contextlib
import copy
import textwrap
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from awsglue_local.definition.document import fill, parse
from awsglue_local.errors import DefinitionError

VALID = textwrap.dedent(
    """\
    # A comment may speak of ${anything}.
    Databases: [{Name: raw}]
    Connections:
      - Name: source
        ConnectionType: JDBC
        ConnectionProperties: {JDBC_CONNECTION_URL: "${url}", SECRET_ID: s}
    Jobs:
      - Name: first
        Command: {Name: glueetl, ScriptLocation: "s3://${bucket}/first.py", PythonVersion: "3"}
        MaxRetries: 1
        Connections: {Connections: [source]}
        DefaultArguments: {--day: "1"}
      - Name: second
        Command: {Name: glueetl, ScriptLocation: "s3://${bucket}/second.py"}
    Workflows: [{Name: flow}]
    Triggers:
      - Name: start
        WorkflowName: flow
        Type: SCHEDULED
        Schedule: cron(0/15 * * * ? *)
        Actions: [{JobName: first}]
      - Name: after
        WorkflowName: flow
        Type: CONDITIONAL
        Predicate: {Conditions: [{LogicalOperator: EQUALS, JobName: first, State: SUCCEEDED}]}
        Actions: [{JobName: second}]
    """
)
PARAMETERS = {"url": "jdbc:postgresql://h:5432/d", "bucket": "code"}


def test_parameters_are_filled_in_and_entries_keep_awss_words() -> None:
    definition = parse(VALID, PARAMETERS)
    assert definition.connections[0]["ConnectionProperties"] == {
        "JDBC_CONNECTION_URL": "jdbc:postgresql://h:5432/d",
        "SECRET_ID": "s",
    }
    assert [job["Command"]["ScriptLocation"] for job in definition.jobs] == [
        "s3://code/first.py",
        "s3://code/second.py",
    ]
    assert [trigger["Name"] for trigger in definition.triggers] == ["start", "after"]


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(DefinitionError, match=r"no value for the parameter\(s\) bucket"):
        parse(VALID, {"url": "x"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Databases:", "Tables:", "unknown section Tables"),
        ("MaxRetries: 1", "MaxRetrys: 1", r"Jobs\[first\].MaxRetrys is not supported"),
        ("MaxRetries: 1", "MaxRetries: one", r"Invalid type for parameter MaxRetries"),
        ("MaxRetries: 1", "MaxRetries: 11", r"MaxRetries is 11; AWS allows 0 to 10"),
        ("{--day: \"1\"}", "{--day: 1}", "Invalid type for parameter DefaultArguments.--day"),
        ("{--day: \"1\"}", "{day: \"1\"}", "argument day must begin with --"),
        ("{--day: \"1\"}", "{--JOB_NAME: x}", "keeps --JOB_NAME for itself"),
        ("Connections: [source]", "Connections: [sauce]", "names sauce, which"),
        ("JDBC_CONNECTION_URL", "JDBC_URL", "key is 'JDBC_URL'; AWS allows"),
        ("ConnectionType: JDBC", "ConnectionType: SFTP", "only JDBC is supported"),
        ("Name: glueetl, ScriptLocation: \"s3://${bucket}/second.py\"", "Name: pythonshell",
         "only glueetl is supported"),
        ("[{JobName: second}]", "[{JobName: third}]", "JobName third is not in Jobs"),
        ("[{JobName: second}]", "[{CrawlerName: c}]", "CrawlerName is not supported"),
        ("State: SUCCEEDED", "State: ERROR", "State ERROR; a trigger can watch"),
        ("State: SUCCEEDED", "State: DONE", "is 'DONE'; AWS allows"),
        ("Type: SCHEDULED", "Type: SOMETIMES", "is 'SOMETIMES'; AWS allows"),
        ("Type: SCHEDULED", "Type: ON_DEMAND", "Type ON_DEMAND has no Schedule"),
        ("Schedule: cron(0/15 * * * ? *)", "Description: x", "Type SCHEDULED needs Schedule"),
        ("Name: after", "Name: start", "is given 2 times"),
        ("Workflows: [{Name: flow}]", "Workflows: [{Name: flow}, {Name: empty}]",
         r"Workflows\[empty\] has 0 start triggers"),
        ("[{JobName: first}]\n  - Name: after", "[{JobName: second}]\n  - Name: after",
         "watches first, which no trigger of workflow flow starts"),
        ("[{JobName: second}]", "[{JobName: first}]", "cycle: first -> first"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named_with_its_field(old: str, new: str, message: str) -> None:
    assert old in VALID
    with pytest.raises(DefinitionError, match=message):
        parse(VALID.replace(old, new), PARAMETERS)


def test_two_start_triggers_are_refused() -> None:
    second = "  - {Name: also, WorkflowName: flow, Type: ON_DEMAND, Actions: [{JobName: first}]}\n"
    with pytest.raises(DefinitionError, match=r"2 start triggers \['start', 'also'\]"):
        parse(VALID + second, PARAMETERS)


def test_two_conditions_need_a_logical() -> None:
    condition = "{LogicalOperator: EQUALS, JobName: first, State: SUCCEEDED}"
    with pytest.raises(DefinitionError, match="Logical is required"):
        parse(VALID.replace(condition, f"{condition}, {condition}"), PARAMETERS)


@pytest.mark.parametrize("schedule", ["0/15 * * * ? *", "0,58 8 * * ? *", "5 6-9 ? * MON-FRI *"])
def test_schedules_aws_accepts(schedule: str) -> None:
    parse(VALID.replace("0/15 * * * ? *", schedule), PARAMETERS)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("0/4 * * * ? *", "4 minute"),
        ("* * * * ? *", "1 minute"),
        ("0,58 * * * ? *", "2 minute"),
        ("0/15 * * * * *", "exactly one of day-of-month and day-of-week must be"),
        ("0/15 * * ?", "is not cron"),
        ("61 * * * ? *", "'61' of minutes is outside 0 to 59"),
        ("x * * * ? *", "'X' is not a value of minutes"),
        ("0/15 * * FOO ? *", "'FOO' is not a value of month"),
        ("0/15 * 32 * ? *", "'32' of day-of-month is outside 1 to 31"),
    ],
)
def test_schedules_aws_refuses(schedule: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        parse(VALID.replace("0/15 * * * ? *", schedule), PARAMETERS)


WHOLE = yaml.safe_load(fill(VALID, PARAMETERS))
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for name, part in inside:
        found.append((*above, name))
        if isinstance(part, (dict, list)):
            found += paths(part, (*above, name))
    return found


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_file_with_anything_wrong_is_refused_or_right(data: st.DataObject) -> None:
    """One value anywhere is replaced by junk: the answer is a definition or a DefinitionError."""
    document = copy.deepcopy(WHOLE)
    *above, last = data.draw(st.sampled_from(paths(document)))
    place = document
    for name in above:
        place = place[name]
    place[last] = data.draw(JUNK)
    with contextlib.suppress(DefinitionError):
        parse(yaml.safe_dump(document), {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Jobs: [", "line 1, column 8: the file is no YAML"),
        ("- a", "must hold a mapping"),
        ("Jobs: {a: 1}", "Jobs must be a list of mappings"),
        ("Nothing: []", "unknown section Nothing"),
        (
            VALID + "Rules: [{Name: r, EventPattern: 5, Targets: []}]",
            r"Rules\[r\].EventPattern must",
        ),
        (
            VALID + "Rules: [{Name: r, EventPattern: {source: aws.s3}, "
            "Targets: [{Id: a, Arn: 'arn:aws:sns:r:1:t'}]}]",
            r"Rules\[r\].EventPattern: .*'source' must be an object, or an array",
        ),
        (
            VALID + "Rules: [{Name: r, EventPattern: {source: [aws.s3]}, "
            "Targets: [{Id: a, Arn: 'arn:aws:glue:r:1:workflow/flow'}]}]",
            r"Rules\[r\].Targets\[0\].Arn: no trigger of Type EVENT starts workflow flow",
        ),
    ],
)
def test_malformed_files_and_rules(text: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        parse(text, PARAMETERS)
