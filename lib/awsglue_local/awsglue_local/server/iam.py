"""Least privilege, proven while jobs run: every call that a job makes is written down with role,
action and resource, and a role that exists in IAM may do only what its policies allow.

A job whose role does not exist locally may do everything, as before; its calls are written down
too. Bucket policies hold for every caller. Requests count as encrypted: on AWS they are.
"""

import io
import json
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from awsglue_local.server.iam_policy import Call, Decision, Policy, decide
from awsglue_local.server.iam_requests import Asked, Signature, asked, signature

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
ROOT = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:root"
_NEVER_DENIED = ("sts:GetCallerIdentity",)
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
_callers: dict[str, str] = {}
_calls: dict[tuple[str, str, str, str], dict[str, Any]] = {}
_lock = threading.Lock()


def credentials(role: str) -> str:
    """An access key for a run of a job with this role; its secret is as good as any."""
    key = f"ASIA{secrets.token_hex(8).upper()}"
    _callers[key] = role
    return key


def calls() -> list[dict[str, Any]]:
    """Every distinct call of a job: role, action, resource, context, allowed, statement, count."""
    with _lock:
        return sorted(
            (dict(entry) for entry in _calls.values()),
            key=lambda entry: (entry["role"], entry["action"], entry["resource"]),
        )


def with_iam(application: Application) -> Application:
    """`application` behind the policies."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        signed = signature(str(environ.get("HTTP_AUTHORIZATION", "")))
        role = _callers.get(signed.access_key) if signed else None
        if signed is None or (role is None and signed.service != "s3"):
            return application(environ, start_response)
        body = b""
        if signed.service != "s3" or "delete" in environ.get("QUERY_STRING", ""):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
        wanted = asked(signed, DEFAULT_ACCOUNT_ID, environ, body)
        for refusal in _refusals(role, wanted):
            by_json = "HTTP_X_AMZ_TARGET" in environ
            return _denied(by_json, signed, refusal, start_response)
        return application(environ, start_response)

    return serve


def _refusals(role: str | None, wanted: Asked | None) -> Iterable[str]:
    if wanted is None or wanted.action in _NEVER_DENIED:
        return
    for named in wanted.resources:
        resource = _exact(named)
        context = {"aws:SecureTransport": "true", "aws:PrincipalArn": role or ROOT}
        call = Call(role or ROOT, wanted.action, resource, context | dict(wanted.context))
        decision = _decide(call, role)
        if role is not None:
            _note(call, decision, wanted.context)
        if not decision.allowed:
            yield (
                f"{call.principal} is not authorized to perform {call.action} on {resource}: "
                + (f"denied by {decision.statement}" if decision.statement else "nothing allows it")
            )


def _decide(call: Call, role: str | None) -> Decision:
    identity = _policies_of(role) if role else None
    bucket = _bucket_policy(call.resource)
    if identity is None:
        decision = decide(call, (), bucket)
        denied = not decision.allowed and decision.statement is not None
        return Decision(not denied, decision.statement)
    return decide(call, identity, bucket)


def _policies_of(role_arn: str) -> list[Policy] | None:
    """The role's inline policies and those of the account attached to it; None without a role."""
    backend: Any = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    name = role_arn.rpartition("/")[2]
    role = next((role for role in backend.roles.values() if role.name == name), None)
    if role is None:
        return None
    inline = [json.loads(document) for document in role.policies.values()]
    attached = [json.loads(policy.document) for policy in role.managed_policies.values()]
    return inline + attached


def _exact(resource: str) -> str:
    """A secret named without the characters that AWS adds gets the ARN it has."""
    if ":secret:" not in resource or not resource.endswith("-??????"):
        return resource
    region, name = resource.split(":")[3], resource.rpartition(":")[2].removesuffix("-??????")
    backend: Any = secretsmanager_backends[DEFAULT_ACCOUNT_ID][region]
    found = next((s.arn for s in backend.secrets.values() if s.name == name), resource)
    return str(found)


def _bucket_policy(resource: str) -> Policy | None:
    if not resource.startswith("arn:aws:s3:::"):
        return None
    backend: Any = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    bucket = backend.buckets.get(resource.removeprefix("arn:aws:s3:::").partition("/")[0])
    policy: Policy | None = json.loads(bucket.policy) if bucket and bucket.policy else None
    return policy


def _note(call: Call, decision: Decision, context: Mapping[str, str]) -> None:
    with _lock:
        identity = (call.principal, call.action, call.resource, json.dumps(sorted(context.items())))
        entry = _calls.setdefault(
            identity,
            {
                "role": call.principal,
                "action": call.action,
                "resource": call.resource,
                "context": dict(context),
                "count": 0,
            },
        )
        entry["count"] += 1
        entry |= {"allowed": decision.allowed, "statement": decision.statement}


def _denied(
    by_json: bool, signed: Signature, message: str, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    if not by_json:
        text = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
        if signed.service != "s3":
            text = f"<ErrorResponse>{text}<RequestId>local</RequestId></ErrorResponse>"
        start_response("403 Forbidden", [("Content-Type", "application/xml")])
        return [text.encode()]
    body = json.dumps({"__type": "AccessDeniedException", "message": message})
    headers = [("Content-Type", "application/x-amz-json-1.1")]
    start_response("400 Bad Request", [*headers, ("x-amzn-ErrorType", "AccessDeniedException")])
    return [body.encode()]
