"""Which action on which resources a request to AWS's API is."""

import json
from typing import Any

import pytest

from awsglue_local.server.iam_requests import Signature, asked, signature

ACCOUNT = "123456789012"
LAKE = "arn:aws:s3:::lake"
GLUE = f"arn:aws:glue:eu-west-2:{ACCOUNT}"


def test_the_signature_names_key_region_and_service() -> None:
    header = (
        "AWS4-HMAC-SHA256 Credential=ASIAX/20261124/eu-west-2/glue/aws4_request, "
        "SignedHeaders=host, Signature=0"
    )
    assert signature(header) == Signature("ASIAX", "eu-west-2", "glue")
    assert signature("") is None


def s3(method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> Any:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, **headers}
    return asked(Signature("k", "eu-west-2", "s3"), ACCOUNT, environ, body)


@pytest.mark.parametrize(
    ("method", "path", "query", "action", "resource"),
    [
        ("GET", "/lake/a/b.json", "", "GetObject", f"{LAKE}/a/b.json"),
        ("HEAD", "/lake/a%20b", "", "GetObject", f"{LAKE}/a b"),
        ("GET", "/lake/a", "versionId=1", "GetObjectVersion", f"{LAKE}/a"),
        ("PUT", "/lake/a", "", "PutObject", f"{LAKE}/a"),
        ("POST", "/lake/a", "uploads", "PutObject", f"{LAKE}/a"),
        ("PUT", "/lake/a", "tagging", "PutObjectTagging", f"{LAKE}/a"),
        ("DELETE", "/lake/a", "", "DeleteObject", f"{LAKE}/a"),
        ("DELETE", "/lake/a", "versionId=1", "DeleteObjectVersion", f"{LAKE}/a"),
        ("DELETE", "/lake/a", "uploadId=1", "AbortMultipartUpload", f"{LAKE}/a"),
        ("GET", "/lake", "list-type=2&prefix=x", "ListBucket", LAKE),
        ("HEAD", "/lake", "", "ListBucket", LAKE),
        ("GET", "/lake", "location", "GetBucketLocation", LAKE),
        ("GET", "/", "", "ListAllMyBuckets", "*"),
    ],
)
def test_s3(method: str, path: str, query: str, action: str, resource: str) -> None:
    found = s3(method, path, query)
    assert (found.action, found.resources) == (f"s3:{action}", (resource,))


def test_s3_gives_the_keys_that_conditions_ask_for() -> None:
    assert s3("PUT", "/lake/a", HTTP_IF_NONE_MATCH="*").context == {"s3:if-none-match": "*"}
    assert s3("GET", "/lake", "prefix=_commits/").context == {"s3:prefix": "_commits/"}


def test_deleting_many_objects_asks_for_each() -> None:
    body = b"<Delete><Object><Key>a</Key></Object><Object><Key>b/c</Key></Object></Delete>"
    found = s3("POST", "/lake", "delete", body)
    assert (found.action, found.resources) == ("s3:DeleteObject", (f"{LAKE}/a", f"{LAKE}/b/c"))


def api(service: str, operation: str, request: dict[str, Any]) -> Any:
    environ = {"HTTP_X_AMZ_TARGET": f"Some.{operation}"}
    body = json.dumps(request).encode()
    return asked(Signature("k", "eu-west-2", service), ACCOUNT, environ, body)


CATALOG = (f"{GLUE}:catalog", f"{GLUE}:database/raw")


@pytest.mark.parametrize(
    ("operation", "request_", "resources"),
    [
        ("GetDatabase", {"Name": "raw"}, CATALOG),
        ("GetTables", {"DatabaseName": "raw"}, (*CATALOG, f"{GLUE}:table/raw/*")),
        ("GetTable", {"DatabaseName": "raw", "Name": "t"}, (*CATALOG, f"{GLUE}:table/raw/t")),
        (
            "UpdateTable",
            {"DatabaseName": "raw", "TableInput": {"Name": "t"}},
            (*CATALOG, f"{GLUE}:table/raw/t"),
        ),
        (
            "BatchCreatePartition",
            {"DatabaseName": "raw", "TableName": "t"},
            (*CATALOG, f"{GLUE}:table/raw/t"),
        ),
        ("GetConnection", {"Name": "c"}, (f"{GLUE}:catalog", f"{GLUE}:connection/c")),
        ("GetJobBookmark", {"JobName": "j"}, (f"{GLUE}:job/j",)),
        ("GetWorkflow", {"Name": "w"}, (f"{GLUE}:workflow/w",)),
    ],
)
def test_glue(operation: str, request_: dict[str, Any], resources: tuple[str, ...]) -> None:
    found = api("glue", operation, request_)
    assert (found.action, found.resources) == (f"glue:{operation}", resources)


def test_a_secret_is_named_with_the_characters_that_aws_adds() -> None:
    base = f"arn:aws:secretsmanager:eu-west-2:{ACCOUNT}:secret"
    found = api("secretsmanager", "GetSecretValue", {"SecretId": "shop/load"})
    assert found.resources == (f"{base}:shop/load-??????",)
    found = api("secretsmanager", "GetSecretValue", {"SecretId": f"{base}:x-AbCdEf"})
    assert found.resources == (f"{base}:x-AbCdEf",)


def test_metrics_have_a_namespace_and_the_actions_of_cloudwatch() -> None:
    body = b"Action=PutMetricData&Namespace=shop"
    found = asked(Signature("k", "eu-west-2", "monitoring"), ACCOUNT, {}, body)
    assert found is not None
    assert found.action == "cloudwatch:PutMetricData"
    assert found.context == {"cloudwatch:namespace": "shop"}
