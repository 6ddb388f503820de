"""workflows.yaml: buckets, databases, connections, jobs, workflows, triggers and event rules in
AWS's own words, as frozen values.

Every entry is a request of AWS's API (CreateJob, PutRule, ...) and is checked against
botocore's model of it, so a field is named and typed as AWS has it. What AWS has and this package
does not act on is refused.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from awsglue_local.errors import DefinitionError

Request = Mapping[str, Any]

_PARAMETER = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class Definition:
    """The requests by kind, each in the file's order, parameters filled in, all rules checked."""

    buckets: tuple[Request, ...] = ()
    databases: tuple[Request, ...] = ()
    connections: tuple[Request, ...] = ()
    jobs: tuple[Request, ...] = ()
    workflows: tuple[Request, ...] = ()
    triggers: tuple[Request, ...] = ()
    rules: tuple[Request, ...] = ()


# Section of the file -> service and shape of AWS's API, and the fields that are acted on here.
_KINDS: dict[str, tuple[str, str, str]] = {
    "Buckets": (
        "s3",
        "PutBucketNotificationConfigurationRequest",
        "Bucket NotificationConfiguration",
    ),
    "Databases": ("glue", "DatabaseInput", "Name Description"),
    "Connections": (
        "glue",
        "ConnectionInput",
        "Name Description ConnectionType ConnectionProperties",
    ),
    "Jobs": (
        "glue",
        "CreateJobRequest",
        "Name Description Role Command GlueVersion WorkerType NumberOfWorkers MaxRetries Timeout "
        "ExecutionProperty Connections DefaultArguments NonOverridableArguments "
        "JobRunQueuingEnabled ExecutionClass NotificationProperty",
    ),
    "Workflows": (
        "glue",
        "CreateWorkflowRequest",
        "Name Description DefaultRunProperties MaxConcurrentRuns",
    ),
    "Triggers": (
        "glue",
        "CreateTriggerRequest",
        "Name Description WorkflowName Type Schedule Predicate Actions StartOnCreation "
        "EventBatchingCondition",
    ),
    "Rules": (
        "events",
        "PutRuleRequest",
        "Name Description EventPattern ScheduleExpression State Targets",
    ),
}
LOCAL_ROLE = (
    "arn:aws:iam::123456789012:role/local"  # a job without Role: there is no IAM to take it from
)


def parse(text: str, parameters: Mapping[str, str]) -> Definition:
    """The definition in `text` (YAML) after replacing every ${parameter}; DefinitionError names
    field and rule.
    """
    from awsglue_local.definition.rules import check

    document = _load(fill(text, parameters))
    if not isinstance(document, dict):
        raise DefinitionError(f"the file must hold a mapping with some of {', '.join(_KINDS)}")
    unknown = sorted(str(section) for section in set(document) - set(_KINDS))
    if unknown:
        raise DefinitionError(f"unknown section {unknown[0]}; known are {', '.join(_KINDS)}")
    parsed = {kind: tuple(_requests(kind, document.get(kind) or [])) for kind in _KINDS}
    definition = Definition(**{kind.lower(): requests for kind, requests in parsed.items()})
    check(definition)
    return definition


def fill(text: str, parameters: Mapping[str, str]) -> str:
    """`text` with every ${parameter} replaced, as Terraform's templatefile does; comment lines are
    left alone.
    """
    names = {
        name
        for line in text.splitlines()
        if not line.lstrip().startswith("#")
        for name in _PARAMETER.findall(line)
    }
    missing = sorted(names - set(parameters))
    if missing:
        raise DefinitionError(
            f"no value for the parameter(s) {', '.join(missing)}; pass --parameter {missing[0]}=..."
        )
    return _PARAMETER.sub(lambda found: parameters.get(found[1], found[0]), text)


def _load(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or error
        raise DefinitionError(f"{where}the file is no YAML: {problem}") from error


def _requests(kind: str, entries: Any) -> Iterator[Request]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DefinitionError(f"{kind} must be a list of mappings")
    service, shape_name, fields = _KINDS[kind]
    for number, entry in enumerate(entries):
        request = {"Role": LOCAL_ROLE, **entry} if kind == "Jobs" else entry
        where = f"{kind}[{entry.get('Name', entry.get('Bucket', number))}]"
        refused = sorted(str(name) for name in set(request) - set(fields.split()))
        if refused:
            raise DefinitionError(f"{where}.{refused[0]} is not supported; supported are {fields}")
        if kind == "Rules":
            request = _with_pattern(where, request)
            for place, target in enumerate(request["Targets"]):
                _check_shape(f"{where}.Targets[{place}]", target, service, "Target")
        shaped = {name: value for name, value in request.items() if name != "Targets"}
        _check_shape(where, shaped, service, shape_name)
        yield request


def _with_pattern(where: str, rule: Request) -> Request:
    """The rule with its pattern as JSON text; the file may hold it as a mapping."""
    pattern, targets = rule.get("EventPattern"), rule.get("Targets")
    if pattern is None and "ScheduleExpression" not in rule:
        raise DefinitionError(f"{where} needs an EventPattern or a ScheduleExpression")
    if pattern is not None and not isinstance(pattern, (dict, str)):
        raise DefinitionError(f"{where}.EventPattern must be a mapping, or its JSON text")
    if not isinstance(targets, list) or not targets:
        raise DefinitionError(f"{where}.Targets must be a list of at least one target")
    if pattern is None:
        return rule
    return {**rule, "EventPattern": pattern if isinstance(pattern, str) else json.dumps(pattern)}


def _check_shape(where: str, request: Any, service: str, name: str) -> None:
    shape = _model(service).shape_for(name)
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        raise DefinitionError(f"{where}: {report.generate_report()}")
    _check_enums(where, request, shape)


def _check_enums(where: str, value: Any, shape: Shape) -> None:
    """botocore checks types and names, but leaves enumerations to the service."""
    if isinstance(shape, StructureShape):
        for name, part in value.items():
            _check_enums(f"{where}.{name}", part, shape.members[name])
    elif shape.type_name == "list":
        for number, part in enumerate(value):
            _check_enums(f"{where}[{number}]", part, shape.member)  # type: ignore[attr-defined]
    elif shape.type_name == "map":
        for name in value:
            _check_enums(f"{where} key", name, shape.key)  # type: ignore[attr-defined]
    else:
        allowed = shape.metadata.get("enum")
        if allowed and value not in allowed:
            raise DefinitionError(f"{where} is {value!r}; AWS allows {', '.join(allowed)}")


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)
