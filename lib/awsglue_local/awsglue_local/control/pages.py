"""Lists in pages, as AWS's API gives them."""

from collections.abc import Mapping, Sequence
from typing import Any

from awsglue_local.control.rules import invalid

LARGEST = 1000


def page(key: str, items: Sequence[Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """{key: a part of `items`, NextToken: where the rest begins, absent at the end}."""
    token = request.get("NextToken") or "0"
    if not str(token).isdigit():
        raise invalid(f"NextToken {token!r} was not given by this operation")
    first = int(token)
    last = first + int(request.get("MaxResults") or LARGEST)
    answer: dict[str, Any] = {key: list(items[first:last])}
    if last < len(items):
        answer["NextToken"] = str(last)
    return answer
