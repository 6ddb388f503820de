"""A workflow of workflows.yaml as `glue-local graph` draws it before the first run."""

from __future__ import annotations

from awsglue_local.client.graph import svg
from awsglue_local.control.graph import graph
from tools.docs.definition import by_name, definition


def picture(workflow: str) -> str:
    """Return the SVG of the workflow's triggers and jobs; schedules by the setting's name."""
    triggers = [
        {**trigger, "State": "CREATED"}
        for trigger in definition()["Triggers"]
        if trigger["WorkflowName"] == workflow
    ]
    description = by_name("Workflows")[workflow]["Description"]
    return svg(workflow, graph(workflow, triggers, {}), description)
