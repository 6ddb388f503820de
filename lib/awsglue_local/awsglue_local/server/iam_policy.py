"""AWS's evaluation of policies, for one account.

An explicit Deny wins; else an Allow of an identity or resource policy; else it is denied.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
and reference_policies_elements_condition_operators.html.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Policy = Mapping[str, Any]


class PolicyUnsupported(Exception):
    """A policy uses an element that is not evaluated here; guessing could allow too much."""


@dataclass(frozen=True)
class Call:
    """One call of AWS's API: who, which action, on what, and the values of condition keys."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """Whether a call is allowed, and by which statement; None: none speaks of it."""

    allowed: bool
    statement: str | None


def decide(call: Call, identity: Iterable[Policy], resource: Policy | None = None) -> Decision:
    """`identity`: policies of the caller's role; `resource`: the policy of what is called."""
    allowed_by: str | None = None
    named = [(f"identity policy {n}", policy) for n, policy in enumerate(identity)]
    named += [("resource policy", resource)] if resource else []
    for name, policy in named:
        for number, statement in enumerate(_listed(policy["Statement"])):
            if not _applies(statement, call):
                continue
            where = f"{name}, statement {statement.get('Sid', number)}"
            if statement["Effect"] == "Deny":
                return Decision(False, where)
            allowed_by = allowed_by or where
    return Decision(allowed_by is not None, allowed_by)


def _applies(statement: Mapping[str, Any], call: Call) -> bool:
    known = {"Sid", "Effect", "Action", "Resource", "Principal", "Condition"}
    unknown = sorted(set(statement) - known)
    if unknown:
        raise PolicyUnsupported(f"statement element {unknown[0]} is not evaluated locally")
    return (
        _principal_matches(statement.get("Principal"), call.principal)
        and any(_like(a.lower(), call.action.lower()) for a in _listed(statement["Action"]))
        and any(_like(r, call.resource) for r in _listed(statement["Resource"]))
        and all(
            _holds(operator, key, _listed(expected), call.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def _principal_matches(principal: Any, caller: str) -> bool:
    if principal is None or principal == "*":
        return True  # an identity policy, or everybody
    root = re.sub(r"^(arn:[^:]*:iam::\d+:).*$", r"\1root", caller)
    return any(name in ("*", caller, root) for name in _listed(principal.get("AWS", ())))


def _holds(operator: str, key: str, expected: list[str], context: Mapping[str, str]) -> bool:
    """A key that is absent fails a condition, except for Null, negations and ...IfExists."""
    quantifier, _, name = operator.rpartition(":")
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    values = {k.lower(): v for k, v in context.items()}
    actual = values.get(key.lower())
    if name == "Null":
        return (actual is None) == (expected[0].lower() == "true")
    if name not in _OPERATORS:
        raise PolicyUnsupported(f"condition operator {operator} is not evaluated locally")
    compare, negated = _OPERATORS[name]
    if actual is None:
        return optional or negated or quantifier == "ForAllValues"
    return any(compare(value, actual) for value in expected) != negated


def _like(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(c, re.escape(c)) for c in pattern), re.DOTALL)


def _same(expected: str, actual: str) -> bool:
    return expected == actual


def _same_word(expected: str, actual: str) -> bool:
    return expected.lower() == actual.lower()


_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (_same, False),
    "StringNotEquals": (_same, True),
    "StringEqualsIgnoreCase": (_same_word, False),
    "StringLike": (_like, False),
    "StringNotLike": (_like, True),
    "ArnEquals": (_like, False),
    "ArnLike": (_like, False),
    "ArnNotEquals": (_like, True),
    "ArnNotLike": (_like, True),
    "Bool": (_same_word, False),
}
"""Operator -> comparison of an expected with the actual value, and whether it is turned round."""


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
