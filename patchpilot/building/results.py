# SPDX-License-Identifier: GPL-2.0-or-later
"""Cache the diagnostics for objects between runs, keyed by the files from which an object is
built.
"""

from itertools import starmap
from pathlib import Path
from typing import Any

from patchpilot.building.diagnostics import Diagnostic, ObjectReport
from patchpilot.building.tree_state import TreeState
from patchpilot.cache.entries import Kind, key_of, recall, remember

_KEPT = 3000
_STATES = 6
KIND = Kind("built-object", (str(Path(__file__).parent),), _KEPT)


def find_report(path: str, configuration: str, state: TreeState) -> ObjectReport | None:
    """Return the report on a file's object for its current contents, or None if not built."""
    for paths, digest, rows, is_built in _recall(path, configuration, state)[1]:
        if digest == state.digest(paths or state.files):
            return ObjectReport(tuple(starmap(Diagnostic, rows)), is_built)
    return None


def keep_report(
    report: ObjectReport,
    made_of: tuple[str, ...],
    path: str,
    configuration: str,
    state: TreeState,
) -> None:
    """Store a report with the files that the object was built from; without them, it is valid only
    for this tree.
    """
    key, entries = _recall(path, configuration, state)
    digest = state.digest(made_of or state.files)
    rows = [tuple(diagnostic) for diagnostic in report.diagnostics]
    entry = [list(made_of), digest, rows, report.is_built]
    others = [one for one in entries if one[1] != digest]
    remember(KIND, key, [entry, *others[: _STATES - 1]])


def _recall(path: str, configuration: str, state: TreeState) -> tuple[str, Any]:
    """Return the cache key of an object in a configuration, and its cached result."""
    parts = (path, configuration, state.build_digest)
    key = key_of(KIND, (part.encode("utf-8", "surrogateescape") for part in parts))
    return key, recall(KIND, key) or ()
