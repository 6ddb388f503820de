"""Modules of AWS's package that are not imitated: they can be imported, and refuse by name.

A job that only imports them still runs; one that uses them is told where AWS describes it.
"""

import importlib.abc
import importlib.machinery
import types
from collections.abc import Sequence

from awsglue._refusal import API_PAGE, CONTEXT_PAGE, READER_PAGE, TYPES_PAGE, WRITER_PAGE, refusal

PAGES = {
    "awsglue.data_sink": WRITER_PAGE,
    "awsglue.data_source": READER_PAGE,
    "awsglue.dataframe_transforms": API_PAGE,
    "awsglue.dataframe_transforms.apply_mapping": API_PAGE,
    "awsglue.dataframereader": READER_PAGE,
    "awsglue.dataframewriter": WRITER_PAGE,
    "awsglue.devutils": API_PAGE,
    "awsglue.functions": API_PAGE,
    "awsglue.gluetypes": TYPES_PAGE,
    "awsglue.scripts": API_PAGE,
    "awsglue.scripts.activate_etl_connector": API_PAGE,
    "awsglue.scripts.connector_activation_util": API_PAGE,
    "awsglue.scripts.crawler_redo_from_backup": API_PAGE,
    "awsglue.scripts.crawler_undo": API_PAGE,
    "awsglue.scripts.scripts_utils": API_PAGE,
    "awsglue.streaming_data_source": CONTEXT_PAGE,
}


class RefusedModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules above, after everything else has been looked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in PAGES:
            return None
        is_package = any(name.startswith(f"{fullname}.") for name in PAGES)
        return importlib.machinery.ModuleSpec(fullname, self, is_package=is_package)

    def exec_module(self, module: types.ModuleType) -> None:
        page, whole = PAGES[module.__name__], module.__name__

        def refuse(name: str) -> object:
            if name.startswith("__"):
                raise AttributeError(name)
            raise refusal(f"{whole}.{name}", page)

        module.__getattr__ = refuse  # type: ignore[method-assign]
