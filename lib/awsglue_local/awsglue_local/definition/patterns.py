"""The form of EventBridge event patterns.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import json
from typing import Any

from awsglue_local.errors import ApiError

OPERATORS = (
    "prefix", "suffix", "exists", "anything-but", "numeric", "equals-ignore-case", "wildcard",
    "cidr",
)  # fmt: skip


def check_pattern(text: str) -> None:
    """InvalidEventPatternException for a text that AWS does not take as a pattern."""
    try:
        pattern = json.loads(text)
    except json.JSONDecodeError as error:
        raise _invalid(f"it is no JSON: {error}") from error
    if not isinstance(pattern, dict) or not pattern:
        raise _invalid("it must be a JSON object with at least one field")
    _check_object("", pattern)


def _check_object(path: str, pattern: dict[str, Any]) -> None:
    for name, value in pattern.items():
        here = f"{path}.{name}".removeprefix(".")
        if name == "$or":
            _check_or(here, value)
        elif isinstance(value, dict):
            _check_object(here, value)
        elif not isinstance(value, list) or not value:
            raise _invalid(f"{here!r} must be an object, or an array that is not empty")
        else:
            for item in value:
                _check_item(here, item)


def _check_or(path: str, value: Any) -> None:
    if not isinstance(value, list) or len(value) < 2:
        raise _invalid(f"{path!r} must be an array of at least two objects")
    for choice in value:
        if not isinstance(choice, dict):
            raise _invalid(f"{path!r} must hold objects only")
        _check_object(path, choice)


def _check_item(path: str, item: Any) -> None:
    if isinstance(item, list):
        raise _invalid(f"{path!r}: an array inside an array is not allowed")
    if not isinstance(item, dict):
        return
    if len(item) != 1 or next(iter(item)) not in OPERATORS:
        raise _invalid(
            f"{path!r}: {json.dumps(item)} is no match expression; AWS has {', '.join(OPERATORS)}"
        )


def _invalid(reason: str) -> ApiError:
    return ApiError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")
