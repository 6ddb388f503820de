"""Event patterns that AWS refuses, and what targets receive of an event."""

import json
from typing import Any

import pytest

from awsglue_local.definition.patterns import check_pattern
from awsglue_local.errors import ApiError
from awsglue_local.server.event_input import target_input

EVENT = {
    "source": "aws.glue",
    "time": "2026-11-24T12:00:00Z",
    "detail": {"jobName": 'the "a" job', "state": "FAILED", "attempt": 1},
}


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.s3"]},
        {"detail": {"object": {"key": [{"prefix": "_commits/"}, {"suffix": ".json"}]}}},
        {"detail": {"state": [{"anything-but": ["SUCCEEDED"]}], "n": [{"numeric": [">", 1]}]}},
        {"$or": [{"source": ["a"]}, {"detail-type": [{"exists": True}]}]},
    ],
)
def test_patterns_of_aws_are_taken(pattern: dict[str, Any]) -> None:
    check_pattern(json.dumps(pattern))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "it is no JSON"),
        ("[]", "must be a JSON object"),
        ("{}", "at least one field"),
        ('{"source": "aws.s3"}', "'source' must be an object, or an array"),
        ('{"source": []}', "'source' must be an object, or an array"),
        ('{"detail": {"key": [{"starts-with": "a"}]}}', "'detail.key'.*no match expression"),
        ('{"detail": {"key": [["a"]]}}', "an array inside an array"),
        ('{"$or": [{"a": ["b"]}]}', "at least two objects"),
    ],
)
def test_a_malformed_pattern_is_named_with_its_field(text: str, reason: str) -> None:
    with pytest.raises(ApiError, match=f"InvalidEventPatternException.*{reason}"):
        check_pattern(text)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, json.dumps(EVENT)),
        ({"Input": "hello"}, "hello"),
        ({"InputPath": "$.detail.state"}, '"FAILED"'),
        ({"InputPath": "$.detail.nothing"}, "null"),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"job": "$.detail.jobName", "n": "$.detail.attempt"},
                    "InputTemplate": '"Job <job> failed, attempt <n>."',
                }
            },
            '"Job the \\"a\\" job failed, attempt 1."',
        ),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"job": "$.detail.jobName", "d": "$.detail"},
                    "InputTemplate": '{"job": <job>, "detail": <d>, "x": "<other>"}',
                }
            },
            json.dumps({"job": 'the "a" job', "detail": EVENT["detail"], "x": "<other>"}),
        ),
    ],
)
def test_a_target_receives_what_it_asks_for(target: dict[str, Any], expected: str) -> None:
    assert target_input(target, EVENT) == expected
