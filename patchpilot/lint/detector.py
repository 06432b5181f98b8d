# SPDX-License-Identifier: GPL-2.0-or-later
"""Register detectors: functions that search a patch for one kind of problem.

Rules are data that name a detector; detectors do not refer to rules.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.model.patch import Patch
from patchpilot.model.rule import FindingFix

Arguments = Mapping[str, Any]
Detector = Callable[..., "Iterable[Hit]"]
"""Takes the context, and the rule's arguments if the detector declares any."""


class Hit(NamedTuple):
    """A location in a patch that a detector reports.

    `values` fill the placeholders of the rule's message; `case` selects one of its `messages` or
    `severities`. `patch` is set for a hit about the series, if it is not on the first patch.
    """

    patch_line: int | None
    path: str | None = None
    line: int | None = None
    column: int | None = None
    fix: FindingFix | None = None
    case: str = ""
    values: Mapping[str, object] = MappingProxyType({})
    patch: Patch | None = None


def make_hit(
    patch_line: int | None,
    case: str = "",
    column: int | None = None,
    fix: FindingFix | None = None,
    /,
    **values: object,
) -> Hit:
    """Return a hit on a patch line with these values for the rule's message."""
    return Hit(patch_line, column=column, fix=fix, case=case, values=values)


ArgumentType = type | tuple[str, ...] | Mapping[str, "ArgumentType"]
"""The type of an argument, its valid words, or the argument types of each table in a list. An
argument `case_NAME` maps cases to words for NAME.
"""


class RegisteredDetector(NamedTuple):
    """A detector's function, its argument types, and the placeholders filled by its hits.

    Rules can use a `generic` detector without new code, because their packs set its arguments.
    """

    function: Detector
    arguments: Mapping[str, ArgumentType]
    gives: str = ""
    generic: bool = False

    def placeholders(self, arguments: Arguments) -> dict[str, frozenset[str]]:
        """Return the placeholders that a rule's messages may use, by case; "" is for hits
        without a case.
        """
        if "of" in arguments:
            return _common_placeholders(arguments["of"])
        # a pattern that must be absent has no groups to fill placeholders
        names = "" if arguments.get("absent") else self.gives
        # a case's message may use the groups of that case's pattern
        patterns = arguments.get("case_patterns", {"": arguments.get("pattern")})
        return {
            case: frozenset(_expand_placeholders(names, {**arguments, "pattern": text}))
            for case, text in patterns.items()
        }


def _common_placeholders(tables: Sequence[Arguments]) -> dict[str, frozenset[str]]:
    """Map each case to the placeholders that all `any-of` tables with this case fill."""
    placeholders_by_case: dict[str, frozenset[str]] = {}
    for table in tables:
        for case, names in DETECTORS[table["detector"]].placeholders(table).items():
            shown_case, placeholder_names = (
                table.get("case", case),
                names.union(table.get("values", ())),
            )
            placeholders_by_case[shown_case] = (
                placeholders_by_case.get(shown_case, placeholder_names) & placeholder_names
            )
    return placeholders_by_case


def _expand_placeholders(names: str, arguments: Arguments) -> Iterator[str]:
    for name in names.split():
        if not name.startswith("*"):
            yield name
        elif name.startswith("**"):
            yield from arguments.get(name[2:], ())
        elif name[1:] in arguments:
            patterns = arguments[name[1:]]
            for pattern in patterns if isinstance(patterns, list) else [patterns]:
                yield from re.findall(r"\(\?P<(\w+)>", str(pattern))


DETECTORS: dict[str, RegisteredDetector] = {}


def find_detector(name: str, module: str) -> RegisteredDetector:
    """Return a detector, importing its module if necessary."""
    if name not in DETECTORS:
        import_module(module)
    return DETECTORS[name]


def detector(
    name: str,
    placeholders: str = "",
    /,
    *,
    generic: bool = False,
    **arguments: ArgumentType,
) -> Callable[[Detector], Detector]:
    """Return a decorator that registers a function as the detector `name`.

    `placeholders` lists the placeholders that the hits of a generic detector fill, separated by
    spaces: `*pattern` means the named groups of that argument, and `**names` for the words in that
    list. `arguments` maps the arguments that `[rule.match]` may set to their types.
    """

    def register(function: Detector) -> Detector:
        if name in DETECTORS:
            raise ValueError(f"duplicate detector {name!r}")
        DETECTORS[name] = RegisteredDetector(function, arguments, placeholders, generic)
        return function

    return register


Hits = Iterator[Hit]
TypedHits = Iterator[tuple[str, Hit]]
"""(type, hit) pairs."""


def typed_detector(
    name: str,
) -> Callable[[Callable[[Context], TypedHits]], None]:
    """Return a decorator that registers a scan for several types of hits as the detector `name`.

    The scan runs once per patch, and the detector returns the hits whose type is its argument
    `type`.
    """

    def register(scan: Callable[[Context], TypedHits]) -> None:
        @cached_per_patch
        def scan_by_type(context: Context) -> dict[str, list[Hit]]:
            hits_by_type: dict[str, list[Hit]] = {}
            for kind, hit in scan(context):
                hits_by_type.setdefault(kind, []).append(hit)
            return hits_by_type

        def find_hits_of_type(context: Context, arguments: Arguments) -> Iterable[Hit]:
            return scan_by_type(context).get(arguments["type"], ())

        find_hits_of_type.__module__ = scan.__module__
        detector(name, type=str)(find_hits_of_type)

    return register
