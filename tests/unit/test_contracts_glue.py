"""Lake tables in the Glue Data Catalog's words."""

from dataclasses import replace

import boto3
import pytest
from botocore.validate import ParamValidator

from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.contracts.lake_tables import LakeColumn, LakeTable, changes, current, star
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
from totesys_etl.render.glue import athena_type, partition_input, table_input

PAYMENT_TYPE = star(STAR_TABLES["dim_payment_type"])
STORAGE = {
    "Columns": [
        {"Name": "payment_type_id", "Type": "int"},
        {"Name": "payment_type_name", "Type": "string"},
        {"Name": "batch", "Type": "int"},
        {"Name": "captured_at", "Type": "timestamp"},
        {"Name": "valid_from", "Type": "timestamp"},
    ],
    "Location": "s3://lake/dim_payment_type/",
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "Compressed": False,
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}


@pytest.mark.parametrize(
    ("column_type", "expected"),
    [
        (Integer(), "int"),
        (BigInteger(), "bigint"),
        (Boolean(), "boolean"),
        (Text(), "string"),
        (Varchar(3), "string"),
        (Enumeration("Mood", ("GOOD",)), "string"),
        (Numeric(10, 2), "decimal(10,2)"),
        (Timestamp(), "timestamp"),
        (Date(), "date"),
        (Time(), "string"),
        (TextList(), "array<string>"),
    ],
)
def test_athena_type(column_type: ColumnType, expected: str) -> None:
    assert athena_type(column_type) == expected


def test_table_input() -> None:
    given = table_input(PAYMENT_TYPE, "s3://lake/dim_payment_type/", {"commit": "17"})
    assert given == {
        "Name": "dim_payment_type",
        "Description": "One payment type, latest version.",
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": "key_range", "Type": "string"}],
        "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE", "commit": "17"},
        "StorageDescriptor": STORAGE,
    }


def test_a_partition_holds_columns_and_format_too() -> None:
    location = "s3://lake/dim_payment_type/key_range=00000/"
    assert partition_input(PAYMENT_TYPE, ["00000"], location) == {
        "Values": ["00000"],
        "StorageDescriptor": {**STORAGE, "Location": location},
    }


def test_every_table_is_what_the_aws_api_accepts() -> None:
    model = boto3.client("glue", region_name="eu-west-2").meta.service_model
    shape = model.operation_model("CreateTable").input_shape
    assert shape is not None
    tables = [star(t) for t in STAR_TABLES.values()]
    tables += [shape_of(t) for t in SOURCE_TABLES.values() for shape_of in (changes, current)]
    for table in tables:
        given = {"DatabaseName": "d", "TableInput": table_input(table, "s3://lake/t/", {})}
        report = ParamValidator().validate(given, shape)
        assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("key", ["key_range", "batch"])
def test_a_partition_key_must_not_be_a_column(key: str) -> None:
    columns = (LakeColumn("payment_type_id", Integer()), LakeColumn("batch", Integer()))
    table = LakeTable("bag", columns, (LakeColumn(key, Text()),), "one bag")
    if key == "key_range":
        assert table_input(table, "s3://lake/bag/", {})["Name"] == "bag"
        return
    with pytest.raises(ContractInvalid, match=r"bag: \['batch'\] is partition key and file column"):
        table_input(table, "s3://lake/bag/", {})


def test_names_that_glue_would_fold_are_refused() -> None:
    with pytest.raises(ContractInvalid, match=r"Bag.Bag: names in Glue are lower case"):
        table_input(replace(PAYMENT_TYPE, name="Bag"), "s3://lake/bag/", {})


@pytest.mark.parametrize("location", ["s3://lake/bag", "/lake/bag/", "s3a://lake/bag/"])
def test_locations_that_are_no_s3_prefix_are_refused(location: str) -> None:
    with pytest.raises(ContractInvalid, match="must be s3://"):
        table_input(PAYMENT_TYPE, location, {})


@pytest.mark.parametrize("values", [[], ["00000", "1"], "00000"])
def test_a_partition_needs_a_value_for_each_key(values: list[str]) -> None:
    with pytest.raises(ContractInvalid, match=r"needs a value for each of \['key_range'\]"):
        partition_input(PAYMENT_TYPE, values, "s3://lake/bag/")
