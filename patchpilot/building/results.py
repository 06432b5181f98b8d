# SPDX-License-Identifier: GPL-2.0-or-later
"""Cache the diagnostics for objects, keyed by the source files of each object."""

from itertools import starmap
from pathlib import Path
from typing import Any

from patchpilot.building.diagnostics import Diagnostic, ObjectReport
from patchpilot.building.tree_state import TreeState
from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    read_cached_value,
)

_MAX_OBJECTS = 3000
_MAX_STATES = 6
KIND = CacheKind("built-object", (str(Path(__file__).parent),), _MAX_OBJECTS)


def find_report(path: str, configuration: str, state: TreeState) -> ObjectReport | None:
    """Return the cached report for a file's object if its sources are unchanged, otherwise None."""
    for paths, digest, rows, is_built in _recall(path, configuration, state)[1]:
        if digest == state.digest(paths or state.files):
            return ObjectReport(tuple(starmap(Diagnostic, rows)), is_built)
    return None


def cache_report(
    report: ObjectReport,
    sources: tuple[str, ...],
    path: str,
    configuration: str,
    state: TreeState,
) -> None:
    """Cache a report.

    `sources` are the files from which the object was built; if it is empty, the report is valid for
    this tree only.
    """
    key, entries = _recall(path, configuration, state)
    digest = state.digest(sources or state.files)
    rows = [tuple(diagnostic) for diagnostic in report.diagnostics]
    entry = [list(sources), digest, rows, report.is_built]
    other_entries = [other_entry for other_entry in entries if other_entry[1] != digest]
    cache_value(KIND, key, [entry, *other_entries[: _MAX_STATES - 1]])


def _recall(path: str, configuration: str, state: TreeState) -> tuple[str, Any]:
    """Return the cache key and the cached reports for an object in a configuration."""
    parts = (path, configuration, state.build_digest)
    key = make_cache_key(KIND, (part.encode("utf-8", "surrogateescape") for part in parts))
    return key, read_cached_value(KIND, key) or ()
