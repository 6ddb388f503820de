"""One table of the Data Catalog: created, altered, its partitions registered and moved.

Glue replaces a table as a whole on update, so parameters that others have set are carried over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from totesys_etl.contracts.lake_tables import LakeTable
from totesys_etl.errors import SettingInvalid
from totesys_etl.lake.objects import error_code
from totesys_etl.render.glue import partition_input, table_input

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import TableInputTypeDef, TableTypeDef

CALL_SIZE = 100
"""Partitions that BatchCreatePartition and BatchUpdatePartition take in one call."""
LOCK_ATTEMPTS = 10

Values = tuple[str, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Published:
    """What publishing did: tables `created` and `altered`, partitions `added` and `moved`."""

    created: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    added: int = 0
    moved: int = 0

    def __add__(self, other: Published) -> Published:
        return Published(
            self.created + other.created,
            self.altered + other.altered,
            self.added + other.added,
            self.moved + other.moved,
        )


@dataclass(frozen=True)
class CatalogTable:
    """`shape` at `location` in `database`; `parameter` holds the newest commit registered."""

    glue: GlueClient
    database: str
    shape: LakeTable
    location: str
    parameter: str

    def create(self) -> Published:
        """Creates the table unless it is there. Raises SettingInvalid for a missing database."""
        if self._stored() is not None:
            return Published()
        try:
            self.glue.create_table(DatabaseName=self.database, TableInput=self._input({}, 0))
        except ClientError as error:
            if error_code(error) == "AlreadyExistsException":
                return Published()
            if error_code(error) == "EntityNotFoundException":
                raise SettingInvalid(
                    f"the Data Catalog has no database {self.database}: create it (terraform "
                    "module catalog) or correct the job's database argument"
                ) from error
            raise
        return Published(created=(self.shape.name,))

    def position(self) -> int:
        """The newest commit whose partitions are registered, 0 for none."""
        return self._position(self._stored())

    def advance(self, number: int, *, may_go_back: bool = False) -> Published:
        """Move the position to `number`, back only if it `may_go_back`; alter what the contract
        changed.

        Raises ClientError when others keep winning the table's version.
        """
        attempt = 0
        while True:
            stored = self._stored()
            if stored is None or (self._position(stored) > number and not may_go_back):
                return Published()
            altered = not self._as_declared(stored)
            if not altered and self._position(stored) == number:
                return Published()
            attempt += 1
            try:
                self.glue.update_table(
                    DatabaseName=self.database,
                    TableInput=self._input(stored.get("Parameters", {}), number),
                    VersionId=stored.get("VersionId", "0"),
                    SkipArchive=True,
                )
            except ClientError as error:
                lost = error_code(error) == "ConcurrentModificationException"
                if lost and attempt < LOCK_ATTEMPTS:
                    continue
                raise
            return Published(altered=(self.shape.name,) if altered else ())

    def partitions(self) -> dict[Values, str]:
        """Location of every registered partition by its values."""
        pages = self.glue.get_paginator("get_partitions").paginate(
            DatabaseName=self.database, TableName=self.shape.name, ExcludeColumnSchema=True
        )
        return {
            tuple(partition["Values"]): partition["StorageDescriptor"]["Location"]
            for page in pages
            for partition in page["Partitions"]
        }

    def register(self, locations: Mapping[Values, str]) -> Published:
        """Adds partitions; those that are there already are moved to their location."""
        taken: dict[Values, str] = {}
        for values in _calls(sorted(locations)):
            answer = self.glue.batch_create_partition(
                DatabaseName=self.database,
                TableName=self.shape.name,
                PartitionInputList=[
                    partition_input(self.shape, item, locations[item]) for item in values
                ],
            )
            for error in answer.get("Errors", []):
                if error["ErrorDetail"].get("ErrorCode") != "AlreadyExistsException":
                    raise _refused(error, "BatchCreatePartition")
                item = tuple(error["PartitionValues"])
                taken[item] = locations[item]
        return Published(added=len(locations) - len(taken)) + self.move(taken)

    def move(self, locations: Mapping[Values, str]) -> Published:
        """Points registered partitions to `locations`."""
        for values in _calls(sorted(locations)):
            answer = self.glue.batch_update_partition(
                DatabaseName=self.database,
                TableName=self.shape.name,
                Entries=[
                    {
                        "PartitionValueList": list(item),
                        "PartitionInput": partition_input(self.shape, item, locations[item]),
                    }
                    for item in values
                ],
            )
            for error in answer.get("Errors", []):
                raise _refused(error, "BatchUpdatePartition")
        return Published(moved=len(locations))

    def _stored(self) -> TableTypeDef | None:
        try:
            return self.glue.get_table(DatabaseName=self.database, Name=self.shape.name)["Table"]
        except self.glue.exceptions.EntityNotFoundException:
            return None

    def _position(self, stored: TableTypeDef | None) -> int:
        return int(stored.get("Parameters", {}).get(self.parameter, "0")) if stored else 0

    def _input(self, parameters: Mapping[str, str], number: int) -> TableInputTypeDef:
        merged = {**parameters, self.parameter: str(number)}
        return table_input(self.shape, self.location, merged)

    def _as_declared(self, stored: TableTypeDef) -> bool:
        return _contains(stored, table_input(self.shape, self.location, {}))


def _contains(stored: Any, declared: Any) -> bool:
    """Whether `stored` says all that `declared` does; Glue adds fields of its own."""
    if isinstance(declared, Mapping):
        return all(_contains(stored.get(key), value) for key, value in declared.items())
    if isinstance(declared, list):
        return len(stored) == len(declared) and all(map(_contains, stored, declared))
    return bool(stored == declared)


def _calls(items: Sequence[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while call := list(islice(rest, CALL_SIZE)):
        yield call


def _refused(error: Mapping[str, Any], operation: str) -> ClientError:
    detail = error.get("ErrorDetail", {})
    values = error.get("PartitionValues") or error.get("PartitionValueList")
    message = f"partition {values}: {detail.get('ErrorMessage')}"
    return ClientError(
        {"Error": {"Code": detail.get("ErrorCode", "Unknown"), "Message": message}}, operation
    )
