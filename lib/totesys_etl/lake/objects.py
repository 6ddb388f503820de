"""The seam to S3: conditional PUT, GET, HEAD, with errors a person can act on.

Nothing here overwrites or deletes. S3 may answer a successful PUT with an error that the SDK
retries; the retry then finds our own object. So 412 never means "lost" before the object was read.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from totesys_etl.errors import BucketMissing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONFLICT_ATTEMPTS = 7
CONFLICT_SECONDS = 0.05
"""First pause after a 409, doubled each time: about 3 s in all."""

_NO_BUCKET = frozenset({"NoSuchBucket", "AccessDenied", "AllAccessDisabled", "403"})


class KeyTaken(Exception):
    """Another body is stored under the key; only for callers inside the lake."""

    def __init__(self, bucket: str, key: str, body: bytes) -> None:
        super().__init__(f"s3://{bucket}/{key} holds something else")
        self.body = body


def error_code(error: ClientError) -> str:
    """S3's code, e.g. PreconditionFailed; a HEAD has no body, its code is the status (404)."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def bucket_named(bucket: str) -> Iterator[None]:
    """Turns 'no such bucket' and 'access denied' of the block's calls into BucketMissing."""
    try:
        yield
    except ClientError as error:
        if error_code(error) in _NO_BUCKET:
            raise bucket_missing(
                bucket, f"{error_code(error)} on {error.operation_name}"
            ) from error
        raise


def bucket_missing(bucket: str, answer: str) -> BucketMissing:
    """The error for `bucket`, with S3's `answer` and what to do."""
    return BucketMissing(
        f"bucket {bucket} does not exist or may not be used ({answer}): create it, correct the "
        "job's bucket argument, or allow the role s3:ListBucket, s3:GetObject and s3:PutObject"
    )


def put_new(s3: S3Client, bucket: str, key: str, body: bytes, content_type: str) -> str:
    """Stores `body` under a key that must be new and returns its sha256 (hex).

    The same body already there counts as ours (a lost answer). Raises KeyTaken when another body
    is there, BucketMissing, and ClientError when S3 still answers 409 after about 3 s.
    """
    digest = hashlib.sha256(body)
    attempt = 0
    while True:
        try:
            with bucket_named(bucket):
                s3.put_object(
                    Bucket=bucket,
                    Key=key,
                    Body=body,
                    ContentType=content_type,
                    IfNoneMatch="*",
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
                )
            return digest.hexdigest()
        except ClientError as error:
            match error_code(error):
                case "PreconditionFailed":
                    stored = get(s3, bucket, key)
                    if stored == body:
                        return digest.hexdigest()
                    raise KeyTaken(bucket, key, stored or b"") from error
                case "ConditionalRequestConflict" if attempt + 1 < CONFLICT_ATTEMPTS:
                    time.sleep(CONFLICT_SECONDS * 2**attempt)
                    attempt += 1
                case _:
                    raise


def get(s3: S3Client, bucket: str, key: str) -> bytes | None:
    """The object's body, None when there is none. Raises BucketMissing."""
    with bucket_named(bucket):
        try:
            return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            return None


def exists(s3: S3Client, bucket: str, key: str) -> bool:
    """Whether `key` is there. A missing bucket looks like a missing key: HEAD cannot tell."""
    with bucket_named(bucket):
        try:
            s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error_code(error) == "404":
                return False
            raise
    return True


def keys(s3: S3Client, bucket: str, prefix: str, *, after: str = "") -> Iterator[str]:
    """Keys below `prefix` that sort behind `after`, ascending. Raises BucketMissing."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, StartAfter=after
    )
    with bucket_named(bucket):
        for page in pages:
            for entry in page.get("Contents", []):
                yield entry["Key"]


def folders(s3: S3Client, bucket: str, prefix: str, *, delimiter: str) -> list[str]:
    """The different beginnings of keys below `prefix`, up to and with `delimiter`."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, Delimiter=delimiter
    )
    with bucket_named(bucket):
        return [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
