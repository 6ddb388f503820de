"""An append-only log of numbered commits in S3, safe for any number of writers.

A number is won by one conditional PUT. Numbers are dense, so the head is where existence ends:
readers find the last thousand by HEAD requests, and the head by one listing of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from totesys_etl.errors import CommitMissing, CommitTaken
from totesys_etl.lake import documents, layout, objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READERS = 8
LISTED = 1000
"""Keys that S3 lists in one request."""


class Numbered(Protocol):
    """What a log holds: a frozen dataclass with its number and its writer's run id."""

    @property
    def number(self) -> int: ...

    @property
    def run_id(self) -> str: ...


T = TypeVar("T", bound=Numbered)


class CommitLog(Generic[T]):
    """The commits of type `kind` in `folder` of `bucket`. Every method may raise BucketMissing."""

    def __init__(
        self, s3: S3Client, bucket: str, kind: type[T], folder: str = layout.COMMITS
    ) -> None:
        self.bucket = bucket
        self._folder = folder
        self._s3 = s3
        self._kind = kind
        self._known = 0

    def key(self, number: int) -> str:
        return layout.numbered(self._folder, number)

    def head_number(self) -> int:
        """The newest number, 0 for an empty log, in O(log n) requests: two for a thousand commits.

        Goes on from the last head this object has seen (commits are never deleted), and looks at
        every number it passes in the listing: CommitMissing when one is gone.
        """
        head = self._known or self._near_head()
        for follower in objects.keys(self._s3, self.bucket, self._folder, after=self.key(head)):
            if follower != self.key(head + 1):
                raise self._missing(head + 1, f"there is none, but {follower} exists")
            head += 1
        self._known = head
        return head

    def _near_head(self) -> int:
        """A number that exists, or 0, with fewer than LISTED numbers behind it."""
        low, step = 0, LISTED
        while self._exists(low + step):
            low, step = low + step, step * 2
        high = low + step
        while high - low > LISTED:
            middle = (low + high) // 2
            low, high = (middle, high) if self._exists(middle) else (low, middle)
        return low

    def _exists(self, number: int) -> bool:
        return objects.exists(self._s3, self.bucket, self.key(number))

    def head(self) -> T | None:
        """The newest commit, None for an empty log."""
        number = self.head_number()
        return self.read(number) if number else None

    def read(self, number: int) -> T:
        """Commit `number`. Raises CommitMissing when it is not there or cannot be read."""
        body = objects.get(self._s3, self.bucket, self.key(number))
        if body is None:
            raise self._missing(number, "it is not there")
        try:
            commit = documents.from_bytes(self._kind, body)
        except documents.DocumentUnreadable as error:
            raise self._missing(number, str(error)) from error
        if commit.number != number:
            raise self._missing(number, f"it says it is number {commit.number}")
        return commit

    def range(self, first: int, last: int) -> Iterator[T]:
        """Commits `first` to `last`, both included, in order."""
        with ThreadPoolExecutor(READERS) as readers:
            yield from readers.map(self.read, range(first, last + 1))

    def append(self, number: int, commit: T) -> None:
        """Makes `commit` the log's next one.

        Raises CommitTaken when another run has that number: discard the attempt, read the head
        and begin again. CommitMissing when the number before is not there. A retried PUT that had
        already succeeded counts as success.
        """
        if commit.number != number or number < 1:
            raise ValueError(f"commit {commit.number} cannot be stored as number {number}")
        if number > 1 and not self._exists(number - 1):
            raise self._missing(number - 1, f"it is not there, so {number} cannot follow")
        body = documents.to_bytes(commit)
        # What cannot be read back would stop every later run, so it is never written.
        documents.from_bytes(self._kind, body)
        try:
            objects.put_new(self._s3, self.bucket, self.key(number), body, "application/json")
        except objects.KeyTaken as taken:
            raise CommitTaken(
                f"commit {number} in bucket {self.bucket} was written by "
                f"{self._owner(taken.body)}, not by this run ({commit.run_id}): "
                "nothing of this attempt counts, run again"
            ) from taken

    def _owner(self, body: bytes) -> str:
        try:
            return f"run {documents.from_bytes(self._kind, body).run_id}"
        except documents.DocumentUnreadable as error:
            return f"something else ({error})"

    def _missing(self, number: int, why: str) -> CommitMissing:
        return CommitMissing(
            f"commit s3://{self.bucket}/{self.key(number)} cannot be used: {why}. "
            "Commits are never deleted or changed: restore that version of the object"
        )
