"""DynamicFrames and transforms on small rows."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from awsglue.dynamicframe import DynamicFrame

pytestmark = pytest.mark.conformance

ROWS = [(1, "a", ("x", 10)), (2, None, ("y", 20)), (None, "c", (None, None))]
SCHEMA = "id int, name string, place struct<city: string, zip: int>"


@pytest.fixture
def frame(spark: "SparkSession") -> "DynamicFrame":
    return made(spark, ROWS, SCHEMA)


def made(spark: "SparkSession", rows: list[Any], schema: str) -> "DynamicFrame":
    from awsglue.context import GlueContext
    from awsglue.dynamicframe import DynamicFrame

    context = GlueContext(spark.sparkContext)
    return DynamicFrame.fromDF(spark.createDataFrame(rows, schema), context, "rows")


def content(frame: "DynamicFrame") -> tuple[str, list[tuple[Any, ...]]]:
    """The schema as DDL, and the rows as plain tuples."""
    rows = frame.toDF()

    def plain(value: Any) -> Any:
        return tuple(map(plain, value)) if isinstance(value, tuple) else value

    types = ", ".join(f"{f.name} {f.dataType.simpleString()}" for f in rows.schema.fields)
    return types, [plain(tuple(row)) for row in rows.collect()]


def test_fields_are_selected_dropped_and_renamed_also_inside_structs(frame: "DynamicFrame") -> None:
    assert content(frame.select_fields(["place.city", "id", "nothing"])) == (
        "place struct<city:string>, id int",
        [(("x",), 1), (("y",), 2), ((None,), None)],
    )
    assert content(frame.drop_fields(["place.city", "name"]))[0] == "id int, place struct<zip:int>"
    assert content(frame.rename_field("name", "title"))[0].split(", ")[1] == "title string"
    moved = frame.rename_field("place.zip", "code").select_fields(["code", "place"])
    assert content(moved)[1][0] == (10, ("x",))


def test_a_mapping_casts_renames_nests_and_leaves_the_rest_out(frame: "DynamicFrame") -> None:
    mapped = frame.apply_mapping(
        [
            ("ID", "int", "key", "long"),
            ("place.zip", "int", "address.zip", "string"),
            ("name", "string", "address.name", "string"),
            ("nothing", "int", "nothing", "int"),
        ]
    )
    assert content(mapped) == (
        "key bigint, address struct<zip:string,name:string>",
        [(1, ("10", "a")), (2, ("20", None)), (None, (None, "c"))],
    )
    assert content(frame.apply_mapping([("ID", "int", "k", "int")], case_sensitive=True))[0] == ""


def test_choices_are_cast(frame: "DynamicFrame") -> None:
    resolved = frame.resolveChoice(specs=[("id", "cast:string"), ("place.zip", "cast:long")])
    assert content(resolved)[0] == "id string, name string, place struct<city:string,zip:bigint>"
    assert content(frame.resolveChoice(choice="make_cols")) == content(frame)
    with pytest.raises(ValueError, match="not both"):
        frame.resolveChoice(specs=[("id", "cast:long")], choice="make_cols")
    with pytest.raises(NotImplementedError, match="match_catalog"):
        frame.resolveChoice(choice="match_catalog", database="d", table_name="t")


def test_rows_are_filtered_and_mapped_as_dicts(frame: "DynamicFrame") -> None:
    kept = frame.filter(lambda row: row["place"]["city"] == "y")
    assert [row[0] for row in content(kept)[1]] == [2]
    lengths = frame.map(lambda row: {"id": row["id"], "length": len(row["name"] or "")})
    assert content(lengths) == ("id bigint, length bigint", [(1, 1), (2, 0), (None, 1)])


def test_frames_are_joined_united_split_and_unnested(
    frame: "DynamicFrame", spark: "SparkSession"
) -> None:
    prices = made(spark, [(1, 5), (2, 7), (9, 9)], "key int, price int")
    joined = frame.select_fields(["id", "name"]).join("id", "key", prices)
    assert sorted(content(joined)[1], key=str) == [(1, "a", 1, 5), (2, None, 2, 7)]
    with pytest.raises(NotImplementedError, match="both have id, name, place"):
        frame.join("id", "id", frame)
    united = frame.select_fields("id").union(made(spark, [("new",)], "other string"))
    assert content(united)[1][-1] == (None, "new")
    parts = frame.split_fields(["id"], "left", "right")
    assert (list(parts.keys()), content(parts.select("left"))[0]) == (["left", "right"], "id int")
    assert content(frame.unnest())[0] == ("id int, name string, place.city string, place.zip int")


def test_transforms_do_the_same_by_apply_and_by_call(
    frame: "DynamicFrame", spark: "SparkSession"
) -> None:
    from awsglue.transforms import ApplyMapping, DropNullFields, Filter, SelectFields

    assert content(SelectFields.apply(frame=frame, paths=["id"]))[0] == "id int"
    mappings = [("id", "int", "key", "string")]
    assert content(ApplyMapping()(frame, mappings))[0] == "key string"
    assert Filter.apply(frame, lambda row: row["id"] is None).count() == 1
    sparse = made(spark, [(1, None), (None, None)], "kept int, empty string")
    assert content(DropNullFields.apply(sparse))[0] == "kept int"


@pytest.mark.parametrize("name", ["Relationalize", "Unbox", "Spigot", "SplitRows", "FlatMap"])
def test_what_is_not_imitated_is_there_by_name_and_refuses(name: str) -> None:
    import awsglue.transforms

    with pytest.raises(NotImplementedError, match=r"docs\.aws\.amazon\.com"):
        getattr(awsglue.transforms, name).apply(None)


def test_an_empty_frame_of_ours_keeps_its_schema_and_errors_do_not_occur(
    spark: "SparkSession",
) -> None:
    empty = made(spark, [], "id int")
    assert content(empty) == ("id int", [])
    assert (empty.errorsCount(), empty.errorsAsDynamicFrame().count()) == (0, 0)
    assert empty.repartition(3).getNumPartitions() == 3
