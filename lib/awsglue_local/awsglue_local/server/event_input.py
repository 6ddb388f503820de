"""What a target of an EventBridge rule receives of an event.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")


def target_input(target: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """The text for SNS and SQS: the target's Input, InputPath or InputTransformer, or the event."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(_at(event, target["InputPath"]))
    transformer = target.get("InputTransformer")
    if transformer:
        paths = transformer.get("InputPathsMap", {})
        values = {name: _at(event, path) for name, path in paths.items()}
        values |= {
            "aws.events.event.json": event,
            "aws.events.event.ingestion-time": event.get("time"),
        }
        return _filled(transformer["InputTemplate"], values)
    return json.dumps(event)


def _at(event: Mapping[str, Any], path: str) -> Any:
    """The value at $.a.b, None where there is none."""
    value: Any = event
    for name in path.removeprefix("$").removeprefix(".").split("."):
        if not name:
            continue
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """Inside quotes a value stands as it is; outside them as JSON."""

    def replace(found: re.Match[str]) -> str:
        if found[1] not in values:
            return found[0]
        value = values[found[1]]
        before = re.sub(r"\\.", "", template[: found.start()])
        if before.count('"') % 2 == 0:
            return json.dumps(value)
        text = value if isinstance(value, str) else json.dumps(value)
        return json.dumps(text)[1:-1]

    return _PLACEHOLDER.sub(replace, template)
