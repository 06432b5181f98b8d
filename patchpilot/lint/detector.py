# SPDX-License-Identifier: GPL-2.0-or-later
"""What a detector is: a named function from a patch and a rule's arguments to hits; rules (data) name detectors, detectors know no rule."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from patchpilot.model.finding import FindingFix

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import Context

Arguments = Mapping[str, Any]
Detector = Callable[["Context", Arguments], "Iterable[Hit]"]


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a detector fired. `message` is used as it is when given, else the rule's summary; `case` names one of the rule's `severities`."""

    patch_line: int | None
    message: str | None = None
    path: str | None = None
    line: int | None = None
    column: int | None = None
    fix: FindingFix | None = None
    case: str = ""


@dataclass(frozen=True, slots=True)
class RegisteredDetector:
    """A detector in the registry: its function and the argument names (with types) it takes."""

    function: Detector
    arguments: Mapping[str, type]


DETECTORS: dict[str, RegisteredDetector] = {}


def detector(name: str, **arguments: type) -> Callable[[Detector], Detector]:
    """Register a function as the detector `name`; `arguments` are what `[rule.match]` may give it, by name and type."""

    def register(function: Detector) -> Detector:
        if name in DETECTORS:
            raise ValueError(f"two detectors are called {name!r}")
        DETECTORS[name] = RegisteredDetector(function, arguments)
        return function

    return register


def by_type(context: "Context", scan: Callable[["Context"], "Iterable[tuple[str, Hit]]"], kind: str) -> "Iterable[Hit]":
    """The hits of one type out of a scan that finds many: the scan runs once a patch, its hits are kept by type for the other rules."""
    key = f"{scan.__module__}.{scan.__qualname__}"
    found = context.shared.get(key)
    if found is None:
        found = context.shared[key] = {}
        for name, hit in scan(context):
            found.setdefault(name, []).append(hit)
    hits: list[Hit] = found.get(kind, [])
    return hits
