"""Every public name of AWS's own `awsglue` is here: imitated with its parameters, or refused with
the page that describes it.

AWS publishes its package on PyPI as AWSGlueDataplanePython. It has the import name of ours, so it
is kept beside, parsed, and never imported.
"""

import ast
import importlib
import inspect
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from awsglue_local.runtime.jars import cache_root

REFERENCE = "AWSGlueDataplanePython==5.1.0"
# Helpers of AWS's own modules, which no job calls.
INTERNAL = {
    "awsglue.context.register",
    "awsglue.utils.makeOptions",
    "awsglue.utils.callsite",
    "awsglue.utils.GlueArgumentParser",
    "awsglue.dynamicframe.ResolveOption",
}
REST = ("args", "kwargs")
"""*args and **kwargs have no names for AWS's parser."""


@dataclass(frozen=True)
class Name:
    module: str
    owner: str | None
    name: str
    parameters: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(part for part in (self.module, self.owner, self.name) if part)


@pytest.fixture(scope="module")
def reference() -> list[Name]:
    """AWS's public modules, classes, methods and functions."""
    folder = cache_root() / "reference"
    wheels = list(folder.glob("*.whl"))
    if not wheels:
        options = ["--quiet", "--no-deps", "--dest", str(folder)]
        command = [sys.executable, "-m", "pip", "download", *options, REFERENCE]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{REFERENCE} could not be downloaded: {done.stderr}"
        wheels = list(folder.glob("*.whl"))
    with zipfile.ZipFile(wheels[0]) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name.endswith(".py")}
    return [name for file, text in sorted(files.items()) for name in names(file, text)]


def names(file: str, text: bytes) -> Iterator[Name]:
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape in a docstring of AWS's
        parsed = ast.parse(text)
    for node in parsed.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield Name(module, None, node.name, parameters(node))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield Name(module, None, node.name, ())
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
                    yield Name(module, node.name, part.name, parameters(part)[1:])


def parameters(function: ast.FunctionDef) -> tuple[str, ...]:
    return tuple(argument.arg for argument in function.args.args)


def test_every_public_name_is_imitated_or_refused(reference: list[Name]) -> None:
    imitated, refused, wrong = [], [], []
    for name in reference:
        if {str(name), f"{name.module}.{name.owner}"} & INTERNAL:
            continue
        try:
            found = ours(name)
        except NotImplementedError as error:
            assert re.search(r"https://docs\.aws\.amazon\.com/glue/\S+", str(error)), name
            refused.append(name)
            continue
        except (AttributeError, ImportError) as error:
            wrong.append(f"{name}: {error}")
            continue
        imitated.append(name)
        if inspect.isfunction(found):
            mine = [p for p in inspect.signature(found).parameters if p not in ("self", "cls")]
            named = tuple(p for p in mine if p not in REST or p in name.parameters)
            if named != name.parameters:
                wrong.append(f"{name}: {mine}, AWS has {list(name.parameters)}")
    total = len(imitated) + len(refused)
    print(f"of {total} names {len(imitated)} are imitated, {len(refused)} refused")
    assert "\n".join(wrong) == ""
    assert len(imitated) > 60


def ours(name: Name) -> Any:
    """Our thing of that name; NotImplementedError where it is refused."""
    # A module of one transform is a part of awsglue.transforms here.
    module = re.sub(r"^awsglue\.transforms\..*", "awsglue.transforms", name.module)
    owner = getattr(importlib.import_module(module), name.owner or name.name)
    if name.owner is None:
        return owner
    if name.name in dir(owner):
        found = inspect.getattr_static(owner, name.name)
        return getattr(found, "__func__", found)  # without its class, cls is a parameter too
    # What an instance has not, its __getattr__ refuses.
    return getattr(owner.__new__(owner), name.name)
