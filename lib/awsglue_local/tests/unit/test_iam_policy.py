"""The evaluation of policies, case by case as AWS documents it."""

from typing import Any

import pytest

from awsglue_local.server.iam_policy import Call, PolicyUnsupported, decide

ROLE = "arn:aws:iam::123456789012:role/job"
OBJECT = "arn:aws:s3:::lake/_commits/00000001.json"


def statement(effect: str, action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def put(**context: str) -> Call:
    return Call(ROLE, "s3:PutObject", OBJECT, {k.replace("__", ":"): v for k, v in context.items()})


ALLOW = statement("Allow", "s3:PutObject")


def test_without_a_statement_a_call_is_denied() -> None:
    decision = decide(put(), [policy()])
    assert (decision.allowed, decision.statement) == (False, None)


def test_an_explicit_deny_wins_over_any_allow_and_says_so() -> None:
    deny = statement("Deny", "s3:*", Sid="Never")
    decision = decide(put(), [policy(ALLOW), policy(deny)])
    assert (decision.allowed, decision.statement) == (
        False,
        "identity policy 1, statement Never",
    )


def test_the_deny_of_a_bucket_policy_wins_over_the_allow_of_the_role() -> None:
    deny = statement("Deny", "s3:PutObject", Principal="*")
    assert not decide(put(), [policy(ALLOW)], policy(deny)).allowed


def test_a_bucket_policy_alone_may_allow_a_role_of_its_account() -> None:
    allow = statement("Allow", "s3:PutObject", Principal={"AWS": ROLE})
    assert decide(put(), [], policy(allow)).allowed
    other = statement("Allow", "s3:PutObject", Principal={"AWS": f"{ROLE}-2"})
    assert not decide(put(), [], policy(other)).allowed
    account = statement("Allow", "s3:*", Principal={"AWS": "arn:aws:iam::123456789012:root"})
    assert decide(put(), [], policy(account)).allowed
    service = statement("Allow", "s3:*", Principal={"Service": "glue.amazonaws.com"})
    assert not decide(put(), [], policy(service)).allowed


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("s3:PutObject", OBJECT, True),
        ("S3:putobject", OBJECT, True),  # actions are compared without case
        ("s3:Put*", "arn:aws:s3:::lake/*", True),
        ("s3:Put?bject", "arn:aws:s3:::lake/_commits/????????.json", True),
        (["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::other/*", OBJECT], True),
        ("*", "*", True),
        ("s3:Put", OBJECT, False),
        ("s3:PutObject", "arn:aws:s3:::lake", False),
        ("s3:PutObject", "arn:aws:s3:::LAKE/*", False),  # resources with case
        ("s3:PutObject", "arn:aws:s3:::lake/_commits.0000001.json", False),
    ],
)
def test_wildcards(action: Any, resource: Any, allowed: bool) -> None:
    assert decide(put(), [policy(statement("Allow", action, resource))]).allowed is allowed


NULL = {"Null": {"s3:if-none-match": "true"}}


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        (NULL, {}, True),
        (NULL, {"s3__if-none-match": "*"}, False),
        ({"Null": {"s3:if-none-match": "false"}}, {"s3__if-none-match": "*"}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws__SecureTransport": "false"}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws__SecureTransport": "true"}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, {}, False),
        ({"StringEquals": {"a:b": ["x", "y"]}}, {"a__b": "y"}, True),
        ({"StringEquals": {"a:b": "x"}}, {"a__b": "X"}, False),
        ({"StringEquals": {"A:B": "x"}}, {"a__b": "x"}, True),  # keys are compared without case
        ({"StringEquals": {"a:b": "x"}}, {}, False),
        ({"StringEqualsIfExists": {"a:b": "x"}}, {}, True),
        ({"StringEqualsIgnoreCase": {"a:b": "x"}}, {"a__b": "X"}, True),
        ({"StringNotEquals": {"a:b": ["x", "y"]}}, {"a__b": "y"}, False),
        ({"StringNotEquals": {"a:b": ["x", "y"]}}, {"a__b": "z"}, True),
        ({"StringNotEquals": {"a:b": "x"}}, {}, True),
        ({"StringLike": {"a:b": "x*"}}, {"a__b": "xyz"}, True),
        ({"ArnEquals": {"a:b": "arn:aws:iam::*:role/job"}}, {"a__b": ROLE}, True),
        ({"ForAllValues:StringEquals": {"a:b": "x"}}, {}, True),
        ({"StringEquals": {"a:b": "x", "a:c": "y"}}, {"a__b": "x"}, False),  # all keys
        ({"StringEquals": {"a:b": "x"}, "Null": {"a:c": "true"}}, {"a__b": "x"}, True),
    ],
)
def test_conditions(condition: Any, context: dict[str, str], holds: bool) -> None:
    allow = statement("Allow", "s3:PutObject", Condition=condition)
    assert decide(put(**context), [policy(allow)]).allowed is holds


@pytest.mark.parametrize(
    "unknown",
    [
        {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"NotPrincipal": "*"},
    ],
)
def test_what_is_not_evaluated_is_refused_never_guessed(unknown: dict[str, Any]) -> None:
    with pytest.raises(PolicyUnsupported, match="is not evaluated locally"):
        decide(put(aws__SourceIp="10.1.1.1"), [policy(statement("Allow", "s3:*", **unknown))])


def test_a_single_statement_needs_no_list() -> None:
    assert decide(put(), [{"Statement": ALLOW}]).allowed
