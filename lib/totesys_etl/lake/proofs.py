"""Proofs: documents that say what a run has compared, kept by the moment, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from totesys_etl.errors import CertificateFailed, CommitMissing
from totesys_etl.lake import documents, layout, objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")
RECENT = timedelta(days=3)


@dataclass(frozen=True)
class Proofs(Generic[T]):
    """The proofs of type `kind` in `folder` of `bucket`. Every method may raise BucketMissing."""

    s3: S3Client
    bucket: str
    folder: str
    kind: type[T]

    def write(self, moment: datetime, run_id: str, proof: T) -> str:
        """Store `proof` and return its key. Raises CertificateFailed if the key is taken."""
        key = layout.proof(self.folder, moment, run_id)
        body = documents.to_bytes(proof)
        try:
            objects.put_new(self.s3, self.bucket, key, body, "application/json")
        except objects.KeyTaken as error:
            raise CertificateFailed(
                f"s3://{self.bucket}/{key} already says something else about run {run_id}"
            ) from error
        return key

    def read(self, key: str) -> T:
        """Return the proof under `key`. Raises CommitMissing."""
        body = objects.get(self.s3, self.bucket, key)
        try:
            if body is None:
                raise documents.DocumentUnreadable("it is not there")
            return documents.from_bytes(self.kind, body)
        except documents.DocumentUnreadable as error:
            raise CommitMissing(f"s3://{self.bucket}/{key} cannot be used: {error}") from error

    def keys(self, day: str = "") -> list[str]:
        """Return all keys, oldest first; `day` (yyyy-mm-dd or a beginning of it) limits."""
        return list(objects.keys(self.s3, self.bucket, self.folder + day))

    def keys_since(self, moment: datetime) -> list[str]:
        """Return the keys of the day before `moment` and later, oldest first."""
        day = (moment - timedelta(days=1)).date().isoformat()
        return list(objects.keys(self.s3, self.bucket, self.folder, after=self.folder + day))

    def newest_key(self) -> str | None:
        """Return the newest key, None if there is none."""
        days = objects.folders(self.s3, self.bucket, self.folder, delimiter="T")
        return max(objects.keys(self.s3, self.bucket, max(days))) if days else None

    def newest(self) -> T | None:
        """Return the newest proof, None if there is none. Raises CommitMissing."""
        key = self.newest_key()
        return None if key is None else self.read(key)

    def newest_moment(self, now: datetime) -> datetime | None:
        """Return the moment of the newest proof, from its key: one listing if it is recent."""
        key = max(self.keys_since(now - RECENT), default=None) or self.newest_key()
        return None if key is None else layout.moment_of_proof(self.folder, key)
