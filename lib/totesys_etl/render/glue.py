"""Lake tables as the Glue Data Catalog wants them: Hive-style Parquet that Athena reads.

Source: AWS Glue API, CreateTable TableInput and PartitionInput; Athena guide, data types. Athena
has no TIME (it is text here) and its timestamp has millisecond precision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from totesys_etl.contracts.lake_tables import LakeColumn, LakeTable
from totesys_etl.contracts.types import (
    BigInteger,
    Boolean,
    ColumnType,
    Date,
    Enumeration,
    Integer,
    Numeric,
    Text,
    TextList,
    Time,
    Timestamp,
    Varchar,
)
from totesys_etl.errors import ContractInvalid

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import (
        ColumnTypeDef,
        PartitionInputTypeDef,
        StorageDescriptorTypeDef,
        TableInputTypeDef,
    )

HIVE_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def athena_type(column_type: ColumnType) -> str:
    """The Athena (Hive) type of a Parquet column that holds `column_type`."""
    match column_type:
        case Integer():
            return "int"
        case BigInteger():
            return "bigint"
        case Boolean():
            return "boolean"
        case Text() | Varchar() | Enumeration() | Time():
            return "string"
        case Numeric(precision, scale):
            return f"decimal({precision},{scale})"
        case Timestamp():
            return "timestamp"
        case Date():
            return "date"
        case TextList():
            return "array<string>"
        case _:
            assert_never(column_type)


def table_input(
    lake_table: LakeTable, location: str, parameters: Mapping[str, str]
) -> TableInputTypeDef:
    """TableInput of `lake_table` at `location` (s3://bucket/prefix/), with extra `parameters`.

    Raises ContractInvalid for a name that Glue would fold to lower case and for a partition key
    that is also a column: Athena refuses to read such a table.
    """
    _check(lake_table)
    return {
        "Name": lake_table.name,
        "Description": lake_table.description,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [_column(c) for c in lake_table.partition_keys],
        "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE", **parameters},
        "StorageDescriptor": _storage(lake_table, location),
    }


def partition_input(
    lake_table: LakeTable, values: Sequence[str], location: str
) -> PartitionInputTypeDef:
    """PartitionInput for `values`, one text per partition key in their order.

    Athena reads columns and format from the partition, not from the table, so it holds both.
    Raises ContractInvalid when there are not as many values as partition keys.
    """
    if isinstance(values, str) or len(values) != len(lake_table.partition_keys):
        raise ContractInvalid(
            f"{lake_table.name}: partition {values!r} needs a value for each of "
            f"{list(lake_table.partition_names)}"
        )
    return {"Values": list(values), "StorageDescriptor": _storage(lake_table, location)}


def _check(lake_table: LakeTable) -> None:
    names = (lake_table.name, *lake_table.column_names, *lake_table.partition_names)
    for name in names:
        if name != name.lower():
            raise ContractInvalid(f"{lake_table.name}.{name}: names in Glue are lower case")
    twice = set(lake_table.column_names) & set(lake_table.partition_names)
    if twice:
        raise ContractInvalid(
            f"{lake_table.name}: {sorted(twice)} is partition key and file column; keep one"
        )


def _storage(lake_table: LakeTable, location: str) -> StorageDescriptorTypeDef:
    if not location.startswith("s3://") or not location.endswith("/"):
        raise ContractInvalid(f"{lake_table.name}: location {location!r} must be s3://.../")
    return {
        "Columns": [_column(c) for c in lake_table.columns],
        "Location": location,
        "InputFormat": f"{HIVE_PARQUET}.MapredParquetInputFormat",
        "OutputFormat": f"{HIVE_PARQUET}.MapredParquetOutputFormat",
        "Compressed": False,
        "SerdeInfo": {
            "SerializationLibrary": f"{HIVE_PARQUET}.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
    }


def _column(column: LakeColumn) -> ColumnTypeDef:
    return {"Name": column.name, "Type": athena_type(column.type)}
