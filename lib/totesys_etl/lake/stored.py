"""Whether the files that commits name are still the objects that were written."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from totesys_etl.lake.files import DataFile
from totesys_etl.lake.objects import bucket_named, error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READERS = 16


def damaged(s3: S3Client, bucket: str, files: Iterable[DataFile]) -> list[str]:
    """A sentence for every file that is gone, or whose size or SHA-256 in S3 is another.

    One HEAD per file, no download: S3 keeps the checksum that the object was written with.
    Raises BucketMissing.
    """
    with ThreadPoolExecutor(READERS) as readers:
        answers = readers.map(lambda file: _damage(s3, bucket, file), files)
        return [
            f"s3://{bucket}/{file.key} {damage}: restore that version of the object"
            for file, damage in answers
            if damage
        ]


def _damage(s3: S3Client, bucket: str, file: DataFile) -> tuple[DataFile, str]:
    with bucket_named(bucket):
        try:
            found = s3.head_object(Bucket=bucket, Key=file.key, ChecksumMode="ENABLED")
        except ClientError as error:
            if error_code(error) == "404":
                return file, "is named by a commit and not there"
            raise
    if found["ContentLength"] != file.bytes:
        return file, f"has {found['ContentLength']} bytes, {file.bytes} were written"
    checksum = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    if found.get("ChecksumSHA256") != checksum:
        return file, f"is not what was written: its sha256 is not {file.sha256}"
    return file, ""
