"""The files that commits name, as they are stored: read by this process, and checked."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from totesys_etl.errors import CertificateFailed, CommitMissing
from totesys_etl.lake.commits import DataFile
from totesys_etl.lake.objects import bucket_named, error_code, get

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READERS = 16


def read_arrow(
    s3: S3Client,
    bucket: str,
    file: DataFile,
    columns: Sequence[str] | None = None,
    filter: pc.Expression | None = None,
) -> Iterator[pa.RecordBatch]:
    """The file's rows in order, read by this process; timestamps naive (UTC), in microseconds.

    `columns` chooses and orders; `filter` may use any column of the file. Raises BucketMissing,
    CommitMissing when the file is gone, CertificateFailed when its content is not what was written.
    """
    body = get(s3, bucket, file.key)
    if body is None:
        raise CommitMissing(
            f"s3://{bucket}/{file.key} is named by a commit but not there: restore that "
            "version of the object"
        )
    if hashlib.sha256(body).hexdigest() != file.sha256:
        raise CertificateFailed(
            f"s3://{bucket}/{file.key} is not what was written: its sha256 is not {file.sha256}"
        )
    # pyarrow.parquet.read_table would do, but its threads may abort the process when it ends.
    for batch in pq.ParquetFile(io.BytesIO(body)).iter_batches(use_threads=False):
        kept = batch if filter is None else batch.filter(filter)
        chosen = kept if columns is None else kept.select(list(columns))
        if chosen.num_rows:
            yield _naive(chosen)


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


def _naive(batch: pa.RecordBatch) -> pa.RecordBatch:
    fields = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field
        for field in batch.schema
    ]
    return batch.cast(pa.schema(fields))
