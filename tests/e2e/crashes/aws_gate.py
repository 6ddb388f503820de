"""The gate between a job and the local AWS."""

import json
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from e2e.crashes.effects import Disturbance, Effects
from fixtures.proxy import s3_error
from fixtures.relay import Answer, Forward, Request, relaying

_READS = re.compile(r"(Batch)?(Get|List|Describe|Head|Search|Query)[A-Z]\w*")
"""Operations that change nothing; every other one is an effect."""


@contextmanager
def aws_gate(port: int, effects: Effects) -> Iterator[str]:
    """The endpoint for jobs, before the local AWS on `port`."""

    def decide(request: Request, forward: Forward) -> Answer | None:
        name = effect_name(request)
        disturbance = effects.meet(name) if name else None
        match disturbance:
            case Disturbance.KILLED_BEFORE:
                effects.kill()
                return None
            case Disturbance.RESET:
                return None
            case Disturbance.REFUSED:
                return _throttled(request)
            case Disturbance.CONFLICT:
                return _conflict(request)
        answer = forward()
        if disturbance is Disturbance.KILLED_AFTER:
            effects.kill()
        return None if disturbance is not None else answer

    with relaying(port, decide) as endpoint:
        yield endpoint


def effect_name(request: Request) -> str:
    """What a request changes, e.g. 'PUT /bucket/key' or 'UpdateTable db table'; '' for a read."""
    operation = request.target.rpartition(".")[2]
    if not operation and "/operation/" in request.path:
        operation = request.path.rpartition("/")[2]
    if not operation and request.path == "/":
        asked = urllib.parse.parse_qs(request.body.decode(errors="replace"))
        operation = asked.get("Action", [""])[0]
    if operation:
        if _READS.fullmatch(operation):
            return ""
        return " ".join([operation, *_named(request)])
    return "" if request.method in ("GET", "HEAD") else f"{request.method} {request.path}"


def _named(request: Request) -> list[str]:
    """Which thing a JSON request is about: its own short texts, and names one level below."""
    try:
        body: dict[str, Any] = json.loads(request.body)
    except ValueError:
        return []  # another protocol
    own = [value for key, value in body.items() if isinstance(value, str) and key != "VersionId"]
    below = [
        value["Name"] for value in body.values() if isinstance(value, dict) and "Name" in value
    ]
    return own + below


def _throttled(request: Request) -> Answer:
    if request.target:
        return _json_error(400, "ThrottlingException")
    return s3_error(503, "SlowDown")


def _conflict(request: Request) -> Answer:
    """Only a conditional PUT can meet a 409; anything else gets an internal error."""
    if request.target:
        return _json_error(500, "InternalServiceException")
    if request.conditional:
        return s3_error(409, "ConditionalRequestConflict")
    return s3_error(500, "InternalError")


def _json_error(status: int, code: str) -> Answer:
    content = json.dumps({"__type": code, "message": "disturbed by a test"}).encode()
    return Answer(status, (("Content-Type", "application/x-amz-json-1.1"),), content)
