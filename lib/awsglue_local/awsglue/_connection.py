"""Glue connections: from their name to JDBC settings and credentials.

Source: https://docs.aws.amazon.com/glue/latest/dg/connection-properties.html
"""

import functools
import json
import re
from typing import Any

import boto3

from awsglue._refusal import CONNECTION_PAGE, refusal

_URL = re.compile(r"^jdbc:(?P<vendor>[a-z]+)://[^/?]+")
_CERTIFICATE_KEYS = (
    "CUSTOM_JDBC_CERT",
    "SKIP_CUSTOM_JDBC_CERT_VALIDATION",
    "CUSTOM_JDBC_CERT_STRING",
)


def jdbc_conf(connection_name: str, catalog_id: str | None = None) -> dict[str, str]:
    """The keys of GlueContext.extract_jdbc_conf; ValueError when URL or credentials are missing."""
    where = {"CatalogId": catalog_id} if catalog_id else {}
    glue = client("glue")
    answer = glue.get_connection(Name=connection_name, **where)
    properties = answer["Connection"]["ConnectionProperties"]
    full_url = properties.get("JDBC_CONNECTION_URL", "")
    found = _URL.match(full_url)
    if found is None:
        raise ValueError(
            f"connection {connection_name}: JDBC_CONNECTION_URL {full_url!r} is not jdbc:<vendor>://host..."
        )
    certificate, skip, text = (properties.get(key, "") for key in _CERTIFICATE_KEYS)
    user, password = _credentials(connection_name, properties)
    return {
        "user": user,
        "password": password,
        "vendor": found["vendor"],
        "enforceSSL": properties.get("JDBC_ENFORCE_SSL", "false").lower(),
        "customJDBCCert": certificate,
        "skipCustomJDBCCertValidation": skip or "false",
        "customJDBCCertString": text,
        "url": found[0],
        "fullUrl": full_url,
    }


@functools.cache
def client(service: str) -> Any:
    """One client per process: making one takes longer than most calls."""
    return boto3.client(service)  # type: ignore[call-overload]


def _credentials(connection_name: str, properties: dict[str, Any]) -> tuple[str, str]:
    # A USERNAME wins: AWS then ignores the secret.
    if "USERNAME" in properties:
        if "ENCRYPTED_PASSWORD" in properties:
            raise refusal(f"connection {connection_name} with ENCRYPTED_PASSWORD", CONNECTION_PAGE)
        return properties["USERNAME"], properties.get("PASSWORD", "")
    secret_id = properties.get("SECRET_ID")
    if not secret_id:
        raise ValueError(
            f"connection {connection_name} has neither USERNAME nor SECRET_ID; set SECRET_ID"
        )
    secret = json.loads(
        client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    )
    values = [secret.get(key, secret.get(key.upper())) for key in ("username", "password")]
    if None in values:
        raise ValueError(
            f"secret {secret_id} of connection {connection_name} needs keys username and password"
        )
    return values[0], values[1]
