"""What AWS has no operation for.

/_glue_local/schedule: the clock of SCHEDULED triggers on or off; GET gives {"enabled": bool,
"speed": float}, POST takes {"enabled": bool}. /_glue_local/calls: GET gives every distinct call of
AWS's API that a job made.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from awsglue_local.server import iam
from awsglue_local.server.clock import Clock, Schedule

PREFIX = "/_glue_local/"
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def with_private_routes(application: Application, clock: Clock, schedule: Schedule) -> Application:
    """`application` behind the private routes."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return application(environ, start_response)
        status, answer = _answer(path, environ, clock, schedule)
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    return serve


def _answer(
    path: str, environ: dict[str, Any], clock: Clock, schedule: Schedule
) -> tuple[str, dict[str, Any]]:
    if path == f"{PREFIX}calls":
        return "200 OK", {"calls": iam.calls()}
    if path != f"{PREFIX}schedule":
        known = f"{PREFIX}schedule and {PREFIX}calls"
        return "404 Not Found", {"message": f"there is no {path}; there are {known}"}
    if environ["REQUEST_METHOD"] == "POST":
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            wanted = json.loads(body)["enabled"]
        except (ValueError, KeyError, TypeError):
            wanted = None
        if not isinstance(wanted, bool):
            return "400 Bad Request", {"message": 'send {"enabled": true} or {"enabled": false}'}
        schedule.enable(wanted)
    return "200 OK", {"enabled": schedule.enabled, "speed": clock.speed}
