"""Which IAM action on which resource a request to AWS's API is.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/ (Glue, S3, Secrets
Manager, CloudWatch, CloudWatch Logs). Other services' calls are named with resource *.
"""

import json
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SCOPE = re.compile(r"Credential=([^/,]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_IAM_PREFIX = {"monitoring": "cloudwatch", "email": "ses"}
"""Name in a signature -> prefix of actions, where they differ."""

_BUCKET_GETS = {
    "location": "GetBucketLocation", "versioning": "GetBucketVersioning",
    "policy": "GetBucketPolicy", "versions": "ListBucketVersions",
    "uploads": "ListBucketMultipartUploads", "lifecycle": "GetLifecycleConfiguration",
    "notification": "GetBucketNotification", "encryption": "GetEncryptionConfiguration",
}  # fmt: skip


@dataclass(frozen=True)
class Signature:
    """Who signed a request, and for what."""

    access_key: str
    region: str
    service: str


@dataclass(frozen=True)
class Asked:
    """An action, each resource that it needs a right for, and the values of condition keys."""

    action: str
    resources: tuple[str, ...]
    context: Mapping[str, str]


def signature(authorization: str) -> Signature | None:
    """From the Authorization header (SigV4); None for an unsigned request."""
    found = _SCOPE.search(authorization)
    return Signature(found[1], found[2], found[3]) if found else None


def asked(signed: Signature, account: str, environ: Mapping[str, Any], body: bytes) -> Asked | None:
    """What a request asks for; None for one that has no action (OPTIONS, an unknown form).

    `environ` is WSGI's.
    """
    if signed.service == "s3":
        return _s3(environ, body)
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        request = json.loads(body or b"{}")
        operation = target.rpartition(".")[2]
    else:
        request = dict(urllib.parse.parse_qsl(body.decode(errors="replace")))
        operation = request.get("Action", "")
    if not operation:
        return None
    prefix = _IAM_PREFIX.get(signed.service, signed.service)
    action = f"{prefix}:{operation}"
    base = f"arn:aws:{prefix}:{signed.region}:{account}"
    if prefix == "glue":
        return Asked(action, _glue(base, operation, request), {})
    if prefix == "secretsmanager":
        name = str(request.get("SecretId", request.get("Name", "")))
        # Six characters of AWS's choice end a secret's ARN.
        known = name if name.startswith("arn:") else f"{base}:secret:{name}-??????"
        return Asked(action, (known,), {})
    if prefix == "logs":
        return Asked(action, (f"{base}:log-group:{request.get('logGroupName', '*')}",), {})
    if prefix == "cloudwatch" and "Namespace" in request:
        return Asked(action, ("*",), {"cloudwatch:namespace": str(request["Namespace"])})
    return Asked(action, ("*",), {})


def _glue(base: str, operation: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    """The Data Catalog asks for the catalog and each part of the path down to the resource."""
    catalog = f"{base}:catalog"
    database = request.get("DatabaseName")
    named = request.get("Name")
    if database is not None:
        table = request.get("TableName") or request.get("TableInput", {}).get("Name") or named
        tables = f"{base}:table/{database}/{table or '*'}"
        return (catalog, f"{base}:database/{database}", tables)
    if "JobName" in request:
        return (f"{base}:job/{request['JobName']}",)
    kind = re.sub(r"^(Batch)?[A-Z][a-z]+", "", operation).lower()
    if named is not None and kind in ("connection", "database"):
        return (catalog, f"{base}:{kind}/{named}")
    if named is not None:
        return (f"{base}:{kind}/{named}",)
    return (catalog,)


def _s3(environ: Mapping[str, Any], body: bytes) -> Asked | None:
    method, path = environ["REQUEST_METHOD"], urllib.parse.unquote(environ["PATH_INFO"])
    bucket, _, key = path.lstrip("/").partition("/")
    query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    if not bucket:
        return Asked("s3:ListAllMyBuckets", ("*",), {})
    context = {}
    if "HTTP_IF_NONE_MATCH" in environ:
        context["s3:if-none-match"] = str(environ["HTTP_IF_NONE_MATCH"])
    if "prefix" in query:
        context["s3:prefix"] = query["prefix"]
    arn = f"arn:aws:s3:::{bucket}"
    if not key:
        return _bucket(method, query, arn, body, context)
    action = _object(method, query)
    return Asked(f"s3:{action}", (f"{arn}/{key}",), context) if action else None


def _bucket(
    method: str, query: Mapping[str, str], arn: str, body: bytes, context: Mapping[str, str]
) -> Asked | None:
    if method == "POST" and "delete" in query:
        keys = re.findall(rb"<Key>(.*?)</Key>", body)
        names = tuple(f"{arn}/{key.decode()}" for key in keys)
        return Asked("s3:DeleteObject", names, context)
    if method not in ("GET", "HEAD"):
        return Asked(f"s3:{method.title()}Bucket*", (arn,), context)
    kind = next((action for name, action in _BUCKET_GETS.items() if name in query), "ListBucket")
    return Asked(f"s3:{kind}", (arn,), context)


def _object(method: str, query: Mapping[str, str]) -> str | None:
    version = "Version" if "versionId" in query else ""
    if method in ("GET", "HEAD"):
        return "GetObjectTagging" if "tagging" in query else f"GetObject{version}"
    if method == "DELETE":
        return "AbortMultipartUpload" if "uploadId" in query else f"DeleteObject{version}"
    if method in ("PUT", "POST"):
        return "PutObjectTagging" if "tagging" in query else "PutObject"
    return None
