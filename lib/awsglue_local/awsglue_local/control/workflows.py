"""Workflow definitions, as AWS's API shows them.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-workflow.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsglue_local.control.graph import graph, workflow_run
from awsglue_local.control.pages import page
from awsglue_local.control.runs import now
from awsglue_local.errors import ApiError

if TYPE_CHECKING:
    from awsglue_local.control.plane import ControlPlane

Request = Mapping[str, Any]
_KEPT = ("Name", "Description", "DefaultRunProperties", "MaxConcurrentRuns")


class Workflows:
    """Operations on workflows."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self.definitions: dict[str, dict[str, Any]] = {}

    def definition(self, name: str) -> dict[str, Any]:
        """The workflow's fields; EntityNotFoundException."""
        if name not in self.definitions:
            raise ApiError("EntityNotFoundException", f"Workflow {name} not found")
        return self.definitions[name]

    def create(self, request: Request) -> dict[str, Any]:
        """CreateWorkflow."""
        name = request["Name"]
        if name in self.definitions:
            raise ApiError("AlreadyExistsException", f"Workflow {name} already exists")
        kept = {key: request[key] for key in _KEPT if request.get(key) is not None}
        self.definitions[name] = {**kept, "CreatedOn": now(), "LastModifiedOn": now()}
        self._plane.workflow_runs.runs.setdefault(name, {})
        return {"Name": name}

    def get(self, request: Request) -> dict[str, Any]:
        """GetWorkflow."""
        return {"Workflow": self._shown(request["Name"], request.get("IncludeGraph", False))}

    def names(self, request: Request) -> dict[str, Any]:
        """ListWorkflows."""
        return page("Workflows", list(self.definitions), request)

    def batch_get(self, request: Request) -> dict[str, Any]:
        """BatchGetWorkflows."""
        wanted, whole = request["Names"], request.get("IncludeGraph", False)
        return {
            "Workflows": [self._shown(name, whole) for name in wanted if name in self.definitions],
            "MissingWorkflows": [name for name in wanted if name not in self.definitions],
        }

    def update(self, request: Request) -> dict[str, Any]:
        """UpdateWorkflow: what the request leaves out stays."""
        name = request["Name"]
        given = {key: request[key] for key in _KEPT if request.get(key) is not None}
        self.definitions[name] = {**self.definition(name), **given, "LastModifiedOn": now()}
        return {"Name": name}

    def delete(self, request: Request) -> dict[str, Any]:
        """DeleteWorkflow; nothing happens for an unknown one. Jobs and triggers stay."""
        self.definitions.pop(request["Name"], None)
        self._plane.workflow_runs.runs.pop(request["Name"], None)
        return {"Name": request["Name"]}

    def _shown(self, name: str, include_graph: bool) -> dict[str, Any]:
        shown = dict(self.definition(name))
        runs = list(self._plane.workflow_runs.runs[name].values())
        if runs:
            shown["LastRun"] = workflow_run(runs[-1], include_graph=include_graph)
        if include_graph:
            shown["Graph"] = graph(name, self._plane.triggers.of_workflow(name), {})
        return shown
