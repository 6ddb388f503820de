"""Frozen dataclasses as stable JSON documents: commits and certificates.

Keys are sorted, moments are ISO 8601 with milliseconds and Z, mappings have text keys. The first
thing a reader checks is the format number: an unknown one is refused, never guessed.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

FORMAT = 1

T = TypeVar("T")


class DocumentUnreadable(ValueError):
    """A document is not what this version of the code writes; the message names the field."""


def to_bytes(value: Any) -> bytes:
    """Dataclass `value` as UTF-8 JSON; equal values give equal bytes."""
    document = {"format": FORMAT, **_plain(value, type(value).__name__)}
    return (json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def from_bytes(cls: type[T], body: bytes) -> T:
    """The `cls` that `body` holds. Raises DocumentUnreadable."""
    try:
        document = json.loads(body)
    except ValueError as error:
        raise DocumentUnreadable(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise DocumentUnreadable("not a JSON object")
    number = document.pop("format", None)
    if number != FORMAT:
        raise DocumentUnreadable(
            f"format {number!r}, this code knows {FORMAT}: run the version that wrote it"
        )
    return cast(T, _typed(cls, document, cls.__name__))


def _plain(value: Any, path: str) -> Any:
    if dataclasses.is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name), f"{path}.{field.name}")
            for field in dataclasses.fields(value)
        }
    if isinstance(value, datetime):
        if value.tzinfo is not None or value.microsecond % 1000:
            raise ValueError(f"{path}: {value!r} is not a naive UTC moment in whole milliseconds")
        return value.isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{path}[{at}]") for at, item in enumerate(value)]
    if value is None or isinstance(value, str | int | bool):
        return value
    raise TypeError(f"{path}: {type(value).__name__} has no place in a document")


def _typed(kind: Any, value: Any, path: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _dataclass(cast(type, kind), value, path)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        (only,) = (argument for argument in arguments if argument is not type(None))
        return _typed(only, value, path)
    if origin is tuple:
        items = _expect(list, value, path)
        return tuple(_typed(arguments[0], item, f"{path}[{at}]") for at, item in enumerate(items))
    if origin is Mapping:
        entries = _expect(dict, value, path)
        return {key: _typed(arguments[1], item, f"{path}.{key}") for key, item in entries.items()}
    if kind is datetime:
        return datetime.fromisoformat(_expect(str, value, path).removesuffix("Z"))
    return _expect(kind, value, path)


def _dataclass(kind: type, value: Any, path: str) -> Any:
    hints = _hints(kind)
    entries = _expect(dict, value, path)
    if set(entries) != set(hints):
        odd = sorted(set(entries) ^ set(hints))
        raise DocumentUnreadable(f"{path}: fields {odd} are missing or unknown")
    return kind(**{name: _typed(hints[name], entries[name], f"{path}.{name}") for name in hints})


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _expect(kind: type[T], value: Any, path: str) -> T:
    # bool is an int to isinstance, but never to a document.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise DocumentUnreadable(f"{path}: {value!r} is not {kind.__name__}")
    return value
