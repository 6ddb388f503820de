"""Our control plane behind moto's Glue: each operation of AWS's API that it answers, in place of
moto's own; everything else of Glue (the Data Catalog, ...) stays moto's.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.glue.models import GlueBackend
from moto.glue.responses import GlueResponse

from awsglue_local.control.plane import Operation
from awsglue_local.errors import ApiError, BookmarkNotFoundError
from awsglue_local.job import bookmarks

_TAGGED = {"Job": "job", "Trigger": "trigger", "Workflow": "workflow"}
"""Kind of resource -> its word in an ARN."""
_LISTS = {"ListJobs": ("JobNames", "job"), "ListTriggers": ("TriggerNames", "trigger")}


_BOOKMARKS = {"GetJobBookmark": bookmarks.get, "ResetJobBookmark": bookmarks.reset}
"""Kept in files that job processes write too, so outside of the control planes."""

_REFUSED = {
    "StartCrawler": "crawlers do not run locally; create tables with CreateTable",
    "CreateSession": "interactive sessions do not run locally; use glue-local run-job --debug",
    "CreateDevEndpoint": "development endpoints do not run locally; AWS has ended them too",
}
"""What moto only pretends to do."""

OperationOf = Callable[[str, str], Operation]


def install(names: Iterable[str], operation_of: OperationOf) -> None:
    """Puts the operations `names`, and those of job bookmarks, into moto, in this process;
    operation_of(region, name) answers them.
    """
    for name in names:
        setattr(GlueResponse, method_name(name), _handler(name, operation_of))
    for name, reason in _REFUSED.items():
        setattr(GlueResponse, method_name(name), _refusing(name, reason))
    for name, operation in _BOOKMARKS.items():
        setattr(GlueResponse, method_name(name), _handler(name, _for_bookmarks(operation)))


def method_name(operation: str) -> str:
    """moto's method for an operation of AWS's API: GetJobRun -> get_job_run."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


def _handler(name: str, operation_of: OperationOf) -> Callable[[GlueResponse], ActionResult]:
    def handle(response: GlueResponse) -> ActionResult:
        request = response.parameters
        try:
            answer = operation_of(response.region, name)(request)
        except ApiError as error:
            raise JsonRESTError(error.code, error.message) from error
        _keep_tags(name, request, response.glue_backend)
        if name in _LISTS and request.get("Tags"):
            answer = _only_tagged(name, answer, request["Tags"], response.glue_backend)
        return ActionResult(answer)

    return handle


def _refusing(name: str, reason: str) -> Callable[[GlueResponse], ActionResult]:
    def refuse(response: GlueResponse) -> ActionResult:
        raise JsonRESTError("InvalidInputException", f"{name}: {reason}")

    return refuse


def _keep_tags(name: str, request: Mapping[str, Any], backend: GlueBackend) -> None:
    for kind, word in _TAGGED.items():
        resource = request.get("Name") or request.get("JobName")
        if name == f"Create{kind}":
            backend.tag_resource(_arn(backend, word, str(resource)), request.get("Tags"))
        elif name == f"Delete{kind}":
            backend.tagger.delete_all_tags_for_resource(_arn(backend, word, str(resource)))


def _only_tagged(
    name: str, answer: dict[str, Any], wanted: Mapping[str, str], backend: GlueBackend
) -> dict[str, Any]:
    key, word = _LISTS[name]
    kept = [
        resource
        for resource in answer[key]
        if wanted.items() <= backend.get_tags(_arn(backend, word, resource)).items()
    ]
    return {**answer, key: kept}


def _arn(backend: GlueBackend, word: str, name: str) -> str:
    return f"arn:aws:glue:{backend.region_name}:{backend.account_id}:{word}/{name}"


def _for_bookmarks(operation: Callable[[str, str | None], dict[str, Any]]) -> OperationOf:
    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return operation(request["JobName"], request.get("RunId"))
        except BookmarkNotFoundError as error:
            raise ApiError("EntityNotFoundException", str(error)) from error

    return lambda region, name: answer
