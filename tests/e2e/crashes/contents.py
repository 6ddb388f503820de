"""What a place holds, as its readers see it, without what must differ between two runs.

Left out or replaced by a sign: run ids, uuids of files, sizes and checksums of files (they hold
the moments), clock times of writing, and `captured_at` wherever it stands, each batch's by its own
sign.
Everything else has to be equal: rows, counts, fingerprints, record ids, ops, positions.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
from psycopg import sql

from e2e.crashes.place import LAYERS, Place, keys_of, partitions_of

_FILE = {"key", "rows", "bytes", "sha256"}
_CLOCK = "<clock>"


def contents(place: Place) -> dict[str, Any]:
    """Name of a thing -> its content; equal for places that no reader can tell apart."""
    lake = _Lake(place)
    return {
        **lake.logs(),
        **lake.certified(),
        **lake.catalogue(),
        **_warehouse(place, lake),
        "bookmark": _bookmark(place),
    }


class _Lake:
    """Objects of the three buckets, and the sign of each batch's moment."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._s3 = place.platform.stack.client("s3")
        self._objects = {layer: keys_of(self._s3, place.bucket(layer)) for layer in LAYERS}
        self._moments: dict[str, str] = {}
        for key in self._below("raw", "_commits/"):
            commit = json.loads(self._body("raw", key))
            self._moments[commit["captured_at"]] = f"<batch {commit['batch']} captured>"

    def logs(self) -> dict[str, Any]:
        """Every numbered document, its files replaced by their rows."""
        return {
            f"{layer} {key}": self._plain(json.loads(self._body(layer, key)))
            for layer, folder in (
                ("raw", "_commits/"), ("processed", "_commits/"), ("processed", "_loaded/"),
            )
            for key in self._below(layer, folder)
        }  # fmt: skip

    def certified(self) -> dict[str, Any]:
        """What the newest certificate says of the source; an idle run's says the same."""
        keys = self._below("raw", "_verified/")
        if not keys:
            return {}
        newest = json.loads(self._body("raw", keys[-1]))
        told = {
            name: (table["live"], table["ranges"], table["fingerprint"])
            for name, table in newest["tables"].items()
        }
        return {"certificate": (newest["batch"], newest["equal"], told)}

    def catalogue(self) -> dict[str, Any]:
        """Every table, and every partition with the rows of all objects below its location."""
        glue = self._place.platform.stack.client("glue")
        found: dict[str, Any] = {}
        for layer in ("raw", "star"):
            database = self._place.database(layer)
            for table in glue.get_tables(DatabaseName=database)["TableList"]:
                name = f"catalogue {layer} {table['Name']}"
                shape = table["StorageDescriptor"]["Columns"], table["PartitionKeys"]
                found[name] = (shape, table["Parameters"], self._location(table))
                for partition in partitions_of(glue, database, table["Name"]):
                    values = [self._day(value) for value in partition["Values"]]
                    found[f"{name} {values}"] = self._rows_at(partition)
        return found

    def sign(self, value: Any) -> Any:
        """A value, or the sign that stands for it."""
        if isinstance(value, datetime):
            if value.tzinfo is not None and value.utcoffset():
                value = value.astimezone(UTC)
            naive = value.replace(tzinfo=None)
            text = naive.isoformat(timespec="milliseconds") + "Z"
            return self._moments.get(text, naive)
        if isinstance(value, str):
            return "<run>" if value.startswith("jr_") else self._moments.get(value, value)
        if isinstance(value, list):
            return tuple(map(self.sign, value))
        return value

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict) and value.keys() == _FILE:
            return self._file(value)
        if isinstance(value, dict):
            hidden = {"ingest_date", "pg_snapshot"}
            return {k: _CLOCK if k in hidden else self._plain(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._plain(item) for item in value]
        return self.sign(value)

    def _file(self, told: Mapping[str, Any]) -> Any:
        (layer,) = (name for name in LAYERS if told["key"] in self._objects[name])
        body = self._body(layer, told["key"])
        assert hashlib.sha256(body).hexdigest() == told["sha256"], told["key"]
        rows = self._rows(body)
        assert len(rows) == told["rows"], told["key"]
        return rows

    def _rows(self, body: bytes) -> list[tuple[Any, ...]]:
        table = pq.read_table(io.BytesIO(body))
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        return sorted((tuple(map(self.sign, row)) for row in rows), key=repr)

    def _rows_at(self, described: Mapping[str, Any]) -> list[list[tuple[Any, ...]]]:
        """What a query finds at a location: every object below it counts."""
        layer, folder = self._location(described)
        keys = self._below(layer, folder)
        return sorted((self._rows(self._body(layer, key)) for key in keys), key=repr)

    def _location(self, described: Mapping[str, Any]) -> tuple[str, str]:
        """Layer, and folder in its bucket; a location in another place's bucket is a KeyError."""
        bucket, _, folder = (
            described["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
        )
        return {self._place.bucket(layer): layer for layer in LAYERS}[bucket], folder

    def _day(self, value: str) -> str:
        captured = {moment[:10] for moment in self._moments}
        return "<day>" if value in captured else value

    def _below(self, layer: str, folder: str) -> list[str]:
        return [key for key in self._objects[layer] if key.startswith(folder)]

    def _body(self, layer: str, key: str) -> bytes:
        answer = self._s3.get_object(Bucket=self._place.bucket(layer), Key=key)
        body: bytes = answer["Body"].read()
        return body


def _warehouse(place: Place, lake: _Lake) -> dict[str, Any]:
    """All rows of all tables, and where the sequences stand."""
    found: dict[str, Any] = {}
    with place.connect() as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
        ).fetchall()
        for schema, table in tables:
            cursor = connection.execute(
                sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))
            )
            rows = [tuple(_CLOCK if _aware(v) else lake.sign(v) for v in row) for row in cursor]
            found[f"warehouse {schema}.{table}"] = sorted(map(repr, rows))
        found["warehouse sequences"] = connection.execute(
            "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"
        ).fetchall()
    return found


def _aware(value: Any) -> bool:
    """Times with a zone are the server's clock when it wrote the row."""
    return isinstance(value, datetime) and value.tzinfo is not None


def _bookmark(place: Place) -> Any:
    if place.bookmark is None:
        return None
    kept = json.loads(place.bookmark)
    return {"states": kept["states"], "open": kept["open_run_id"] is not None}
