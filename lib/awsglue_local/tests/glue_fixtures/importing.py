"""Packages of one line in every form that AWS takes, and a job that tries to import them."""

import importlib.metadata
import json
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from glue_fixtures.glue_api import GlueApi

TRY = """
    import importlib, json, sys
    found = {}
    for name in sys.argv[sys.argv.index("--names") + 1].split(","):
        try:
            module = importlib.import_module(name)
            found[name] = getattr(module, "WHO", True)
        except ImportError as error:
            found[name] = str(error)
    print(json.dumps(found))
"""


def run_tried(api: GlueApi, names: str, script: str = TRY, **arguments: str) -> dict[str, Any]:
    """Run a job and return the last line that it prints, from JSON.

    Args:
        names: what TRY imports; its answer is WHO of the module, True, or the import's error.
        arguments: the job's, with _ for -.
    """
    given = {f"--{name.replace('_', '-')}": value for name, value in arguments.items()}
    job = api.job("tried", script, DefaultArguments=given)
    return answer(api, job, names)


def answer(api: GlueApi, job: str, names: str = "") -> dict[str, Any]:
    """Run a job that exists and return the last line that it prints, from JSON."""
    ended = api.wait(job, api.start(job, Arguments={"--names": names}))
    assert ended["JobRunState"] == "SUCCEEDED", ended
    found: dict[str, Any] = json.loads(api.printed(ended)[-1])
    return found


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip of files by their paths."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


def wheel(name: str, who: str) -> bytes:
    """Return a wheel of one module that says who it is."""
    return archive({f"{name}.py": f"WHO = {who!r}"})


def wheel_of_installed(distribution: str) -> tuple[str, bytes]:
    """Return file name and content of the wheel that this environment's distribution came from."""
    installed = importlib.metadata.distribution(distribution)
    tag = (installed.read_text("WHEEL") or "").partition("Tag: ")[2].partition("\n")[0]
    name = f"{distribution.replace('-', '_')}-{installed.version}-{tag}.whl"
    files = [file for file in installed.files or () if file.suffix != ".pyc"]
    return name, archive({str(file): file.read_binary() for file in files})
