"""The import fence of a job: what AWS Glue does not have can not be imported here either.

The fence is a sitecustomize module, so it stands in the job's process and in every Python worker of
its Spark before any other code runs.
"""

import importlib.metadata
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache

from awsglue_local.job.glue_modules import BEHIND_AWSGLUE, DISTRIBUTIONS, OWN, SPARK

_SITECUSTOMIZE = '''\
import os
import sys
import sysconfig
from importlib.machinery import PathFinder

ADMITTED = frozenset({admitted!r})
WHOLE_NAMES = frozenset({whole_names!r})
OF_THE_RUN = [os.path.realpath(path) for path in {of_the_run!r}]


def inside(path):
    """Python's own folders and the run's; a development install would add the project's."""
    real = os.path.realpath(path)
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    own = [os.path.realpath(sysconfig.get_path(kind)) for kind in kinds]
    named = [os.path.realpath(entry) for entry in os.environ["PYTHONPATH"].split(os.pathsep)]
    return real in named or real.endswith(".zip") or any(
        real == folder or real.startswith(folder + os.sep) for folder in own
    )


class Fence:
    """Refuses what is installed here but not on AWS Glue, unless the run brings it."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ADMITTED or top in sys.stdlib_module_names or name in WHOLE_NAMES:
            return None
        if PathFinder.find_spec(top, OF_THE_RUN) is not None:
            return None
        if PathFinder.find_spec(top) is None:
            return None
        raise ModuleNotFoundError(
            f"No module named {{name!r}} (installed here, but AWS Glue 5.1 does not have it: "
            "ship its wheel with --additional-python-modules)",
            name=name,
        )


def editable(finder):
    names = (getattr(finder, "__module__", ""), getattr(finder, "__name__", ""))
    return any("__editable__" in str(name) for name in names)


sys.path[:] = [path for path in sys.path if inside(path)]
sys.meta_path[:] = [Fence, *(finder for finder in sys.meta_path if not editable(finder))]
'''
_OF_PYTHON = ("_distutils_hack", "sitecustomize", "usercustomize", "__main__", "__mp_main__")
_COVERAGE = "COVERAGE_PROCESS"


def sitecustomize(
    of_the_run: Iterable[str], more: Iterable[str], environment: Mapping[str, str]
) -> str:
    """The module's text. `of_the_run` are the folders the run brings (script, wheels); `more` are
    distributions of this environment that the run names, admitted with what they require.
    """
    admitted = {*OWN, *_OF_PYTHON, *_import_names((*DISTRIBUTIONS, *SPARK))}
    admitted |= _import_names(tuple(more))
    if any(name.startswith(_COVERAGE) for name in environment):
        admitted.add("coverage")  # the tests measure jobs too
    return _SITECUSTOMIZE.format(
        admitted=tuple(sorted(admitted)),
        whole_names=BEHIND_AWSGLUE,
        of_the_run=[os.fspath(path) for path in of_the_run],
    )


@cache
def _import_names(distributions: tuple[str, ...]) -> frozenset[str]:
    """Top-level names that the distributions, and all that they require, can be imported by."""
    wanted = {_canonical(name) for name in distributions}
    waiting = list(wanted)
    while waiting:
        for requirement in _requirements(waiting.pop()):
            if requirement not in wanted:
                wanted.add(requirement)
                waiting.append(requirement)
    return frozenset(
        name
        for name, providers in _providers().items()
        if any(_canonical(provider) in wanted for provider in providers)
    )


@cache
def _providers() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def _requirements(distribution: str) -> set[str]:
    """What a distribution requires without extras; nothing for one that is not installed."""
    try:
        listed = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return set()
    plain = (text for text in listed if "extra ==" not in text)
    found = (re.match(r"[A-Za-z0-9._-]+", text) for text in plain)
    return {_canonical(match[0]) for match in found if match}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
