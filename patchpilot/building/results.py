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


class KeptReport:
    """The cached reports on one object in one configuration, for the file contents of its last
    build.
    """

    def __init__(self, path: str, configuration: str, state: TreeState) -> None:
        self._state = state
        parts = (path, configuration, state.build_digest)
        self._key = key_of(
            KIND, (part.encode("utf-8", "surrogateescape") for part in parts)
        )

    def find(self) -> ObjectReport | None:
        """Return the report for the current contents, or None if they were not built."""
        for paths, digest, rows, is_built in recall(KIND, self._key) or ():
            if digest == self._digest(paths):
                return ObjectReport(tuple(starmap(Diagnostic, rows)), is_built)
        return None

    def keep(self, report: ObjectReport, paths: tuple[str, ...]) -> None:
        """Store a report with the files that the object is made of; without `paths`, for this
        tree only.
        """
        rows = [tuple(diagnostic) for diagnostic in report.diagnostics]
        entry = [list(paths), self._digest(paths), rows, report.is_built]
        others = [one for one in recall(KIND, self._key) or () if one[1] != entry[1]]
        remember(KIND, self._key, [entry, *others[: _STATES - 1]])

    def _digest(self, paths: Any) -> str:
        return self._state.digest(paths or self._state.files)
