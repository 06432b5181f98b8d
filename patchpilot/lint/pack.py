# SPDX-License-Identifier: GPL-2.0-or-later
"""Parses rule packs (TOML) into rules and examples, and validates them.

A PackError names the file and the rule.
"""

import re
import tomllib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Self

from patchpilot.errors import PackError, suggestion
from patchpilot.lint import pack_patterns
from patchpilot.lint.detector import DETECTORS, ArgumentType, RegisteredDetector
from patchpilot.lint.required_text import required_texts
from patchpilot.model.finding import Severity
from patchpilot.model.rule import (
    FIX_KINDS,
    SCOPES,
    Example,
    Kernel,
    Pack,
    Rule,
    RuleFix,
)

_ID = re.compile(r"^[A-Z][A-Z0-9]*[0-9]{3}$")
_NAME = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")
_HEADER = re.compile(r"\s*\[\[\s*rule\s*\]\]")
_KERNEL = re.compile(r"^(\d+)\.(\d+)$")
_REQUIRED = (
    "id",
    "name",
    "severity",
    "scope",
    "summary",
    "why",
    "reference",
    "match",
    "bad",
    "good",
)
_OPTIONAL = (
    "checkpatch", "since", "until", "profiles", "fix", "on_moved", "severities", "message", "messages", "options", "known_problems",  # noqa: E501
    "checkpatch_severity", "checkpatch_severities", "needs",
)  # fmt: skip
_TEXTS = ("message", "checkpatch", "since", "until")
_EXAMPLE: Mapping[str, type] = {
    "subject": str,
    "message": str,
    "trailers": str,
    "code": str,
    "path": str,
    "new_file": bool,
    "diff": str,
    "patch": str,
    "series": list,
    "tree": dict,
    "history": dict,
    "kernel": str,
    "profile": str,
    "at": str,
    "count": int,
    "also": list,
    "stays": bool,
    "build": str,
    "build_before": str,
    "problem": str,
}
_CONTENT = ("subject", "message", "trailers", "code", "diff", "patch", "series")


class _Place(NamedTuple):
    """A rule's table in its pack, as errors name it: `file:line: rule ID`.

    Line 0 when it is not known.
    """

    label: str
    line: int
    rule: str
    text: tuple[str, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.label}:{self.line}: rule {self.rule}"
            if self.line
            else f"{self.label}: rule {self.rule}"
        )

    def at(self, key: str, word: str) -> Self:
        """The place of the line where `key` is set to `word`."""
        named = next(
            (
                at
                for at, line in enumerate(self.text)
                if re.search(rf"\b{re.escape(key)}\b", line)
            ),
            0,
        )
        found = next(
            (
                at
                for at, line in enumerate(self.text[named:], named)
                if f'"{word}"' in line or f"'{word}'" in line
            ),
            named,
        )
        return self._replace(line=self.line + found)


def parse_pack(
    text: str, label: str, detectors: Mapping[str, RegisteredDetector] = DETECTORS
) -> Pack:
    """Parses the TOML text of a rule pack.

    `label` is the file name for error messages; its stem is the name of the pack.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise PackError(
            f"{label}: not valid TOML: {error}", hint="correct the TOML syntax"
        ) from error
    _no_unknown(data, ("parts", "rule"), label)
    parts = _texts(data.get("parts", {}), "parts", label)
    tables = data.get("rule", [])
    if not isinstance(tables, list):
        raise PackError(f"{label}: use [[rule]] instead of [rule]")
    name = Path(label).stem
    starts = _starts(text)
    rules: list[Rule] = []
    examples: dict[str, tuple[Example, ...]] = {}
    for number, table in enumerate(tables):
        if not isinstance(table, dict):
            raise PackError(f"{label}: a rule must be a table, [[rule]]")
        line, lines = starts[number] if len(starts) == len(tables) else (0, ())
        where = _Place(
            label, line, str(table.get("id") or table.get("name") or number + 1), lines
        )
        if isinstance(match := table.get("match"), dict):
            table["match"] = _with_parts(match, parts)
        rule = _rule(table, name, where, detectors)
        if rule.id in examples:
            raise PackError(f"{where}: duplicate rule id")
        rules.append(rule)
        examples[rule.id] = (
            *(_example(one, where, bad=True) for one in table["bad"]),
            *(_example(one, where, bad=False) for one in table["good"]),
        )
    return Pack(name, tuple(rules), examples)


def _with_parts(match: Any, parts: Mapping[str, str]) -> Any:
    """Return a match, with the parts that its arguments and those of its tables name."""
    match match:
        case str():
            return parts.get(match, match)
        case dict():
            return {key: _with_parts(value, parts) for key, value in match.items()}
        case list():
            return [_with_parts(value, parts) for value in match]
    return match


def _starts(text: str) -> list[tuple[int, tuple[str, ...]]]:
    """Returns the line number of each [[rule]] header, with the lines from there to the next one."""  # noqa: E501
    lines = text.splitlines()
    at = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    return [
        (start + 1, tuple(lines[start:end]))
        for start, end in pairwise((*at, len(lines)))
    ]


def _rule(
    table: Mapping[str, Any],
    pack: str,
    where: _Place,
    detectors: Mapping[str, RegisteredDetector],
) -> Rule:
    _no_unknown(table, (*_REQUIRED, *_OPTIONAL), where)
    for key in _REQUIRED:
        if not table.get(key):
            raise PackError(
                f"{where}: {key} is missing", hint=f"required: {', '.join(_REQUIRED)}"
            )
    for key in (
        "id",
        "name",
        "severity",
        "scope",
        "summary",
        "why",
        "reference",
        *(k for k in _TEXTS if k in table),
    ):
        if not isinstance(table[key], str):
            raise PackError(f"{where}: {key} must be a string")
    if not _ID.match(table["id"]):
        raise PackError(
            f"{where}: an id must be capital letters and three digits, e.g. TAG003"
        )
    if not _NAME.match(table["name"]):
        raise PackError(f"{where}: a name must be lower-case words joined by hyphens")
    detector, arguments = _match(table["match"], where, detectors)
    message, messages = (
        table.get("message", "").strip(),
        _texts(table.get("messages", {}), "messages", where),
    )
    _placeholders(message, messages, detectors[detector].placeholders(arguments), where)
    return Rule(
        id=table["id"],
        name=table["name"],
        pack=pack,
        severity=Severity(
            _choice(table["severity"], tuple(Severity), "severity", where)
        ),
        scope=_choice(table["scope"], SCOPES, "scope", where),
        summary=table["summary"].strip(),
        why=table["why"].strip(),
        reference=table["reference"].strip(),
        detector=detector,
        module=detectors[detector].function.__module__,
        arguments=arguments,
        checkpatch=table.get("checkpatch"),
        since=_kernel(table.get("since"), where),
        until=_kernel(table.get("until"), where),
        profiles=tuple(_strings(table.get("profiles", []), "profiles", where)),
        remedy=_remedy(table.get("fix", {}), where),
        on_moved=table.get("on_moved", False) is True,
        severities=_severities(table, "severities", where),
        message=message,
        messages=messages,
        options=_texts(table.get("options", {}), "options", where),
        known_problems=tuple(
            _strings(table.get("known_problems", []), "known_problems", where)
        ),
        needs=tuple(_strings(table.get("needs", []), "needs", where)),
        checkpatch_severity=_checkpatch_severity(table, where),
        checkpatch_severities=_severities(table, "checkpatch_severities", where),
        required=required_texts(arguments) if detectors[detector].reads else (),
    )


def _checkpatch_severity(table: Mapping[str, Any], where: _Place) -> Severity | None:
    if "checkpatch_severity" not in table:
        if "checkpatch_severities" in table:
            raise PackError(
                f"{where}: checkpatch_severities requires checkpatch_severity, the level of"
                " the other"
                " cases"
            )
        return None
    if "checkpatch" not in table:
        raise PackError(
            f"{where}: checkpatch_severity requires checkpatch, the type with this level"
        )
    return Severity(
        _choice(
            table["checkpatch_severity"], tuple(Severity), "checkpatch_severity", where
        )
    )


def _texts(table: Any, key: str, where: _Place | str) -> dict[str, str]:
    if not isinstance(table, dict) or not all(
        isinstance(text, str) and text.strip() for text in table.values()
    ):
        raise PackError(f"{where}: {key} must be a table of strings")
    return {name: text.strip() for name, text in table.items()}


def _placeholders(
    message: str,
    messages: Mapping[str, str],
    placeholders: Mapping[str, frozenset[str]],
    where: _Place,
) -> None:
    """Raises PackError for a message of a case missing from the detector, a case without a
    message, or an unknown placeholder.
    """
    for case in messages:
        if case not in placeholders:
            raise PackError(
                f"{where}: the detector has no case {case!r}",
                hint=suggestion("case", case, placeholders),
            )
    for case in placeholders if messages and not message else ():
        if case not in messages:
            raise PackError(
                f"{where}: no message for the case {case!r}",
                hint="add it to [rule.messages], or write a single message that covers every case",
            )
    for case, names in placeholders.items():
        for name in pack_patterns.placeholders(messages.get(case) or message):
            if name not in names:
                raise PackError(
                    f"{where}: unknown placeholder {{{name}}}",
                    hint=suggestion("placeholder", name, sorted(names)),
                )


def _severities(
    rule: Mapping[str, Any], key: str, where: _Place
) -> dict[str, Severity]:
    table = rule.get(key, {})
    if not isinstance(table, dict):
        raise PackError(f"{where}: {key} must be a table of cases")
    return {
        case: Severity(_choice(one, tuple(Severity), f"severity of {case}", where))
        for case, one in table.items()
    }


def _match(
    table: Any, where: _Place, detectors: Mapping[str, RegisteredDetector]
) -> tuple[str, dict[str, Any]]:
    if not isinstance(table, dict) or not isinstance(table.get("detector"), str):
        raise PackError(f"{where}: [rule.match] must name a detector")
    name = table["detector"]
    if name not in detectors:
        raise PackError(
            f"{where}: unknown detector {name!r}",
            hint=suggestion("detector", name, sorted(detectors)),
        )
    known = detectors[name].arguments
    arguments = {key: value for key, value in table.items() if key != "detector"}
    _arguments(name, arguments, known, where)
    if "of" in known:
        arguments.setdefault("of", [])
        for key in {"of", "when", "unless"} & arguments.keys():
            arguments[key] = [
                _one_of(one, key, where, detectors) for one in arguments[key]
            ]
    for key, pattern in pack_patterns.named_patterns(arguments):
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise PackError(f"{where}: {key} {pattern!r}: {error}") from error
    return name, arguments


def _one_of(
    table: Any, key: str, where: _Place, detectors: Mapping[str, RegisteredDetector]
) -> dict[str, Any]:
    """Returns a table of [[rule.match.of]], or of `when` or `unless`, with what the detector
    `any-of` needs to run it.
    """
    if not isinstance(table, dict):
        raise PackError(
            f"{where}: {key} must be a list of tables, [[rule.match.{key}]]"
        )
    kept = {name: table[name] for name in ("case", "values") if name in table}
    if not isinstance(kept.get("case", ""), str):
        raise PackError(f"{where}: case must be a string")
    _texts(kept.get("values", {}), "values", where)
    name, arguments = _match(
        {name: value for name, value in table.items() if name not in kept},
        where,
        detectors,
    )
    if not detectors[name].generic or "of" in detectors[name].arguments:
        raise PackError(
            f"{where}: {name} cannot be used in [[rule.match.{key}]]",
            hint="use a general detector",
        )
    texts = required_texts(arguments) if detectors[name].reads else ()
    return {
        **arguments,
        **kept,
        "detector": name,
        "module": detectors[name].function.__module__,
        "required": texts,
    }


def _arguments(
    name: str,
    arguments: Mapping[str, Any],
    known: Mapping[str, ArgumentType],
    where: _Place,
) -> None:
    """Raises PackError for an argument that the detector `name` does not have, or one with a wrong
    value.
    """
    for key, value in arguments.items():
        if key not in known:
            raise PackError(
                f"{where}: {name} has no argument {key!r}",
                hint=suggestion("argument", key, known),
            )
        kind = known[key]
        if not isinstance(kind, Mapping):
            _argument(key, value, known, where)
        elif not isinstance(value, list) or not all(
            isinstance(one, dict) for one in value
        ):
            raise PackError(f"{where}: {key} must be a list of tables")
        else:
            for one in value:
                _arguments(f"{key} of {name}", one, kind, where)


def _argument(
    key: str, value: Any, known: Mapping[str, ArgumentType], where: _Place
) -> None:
    """Raises PackError for a value of another type, or one that is not among those of the detector."""  # noqa: E501
    kind = known[key]
    expected = kind if isinstance(kind, type) else str
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise PackError(
            f"{where}: {key} must be {_TYPES.get(expected, expected.__name__)}"
        )
    choices = kind if isinstance(kind, tuple) else known.get(key.removeprefix("case_"))
    if isinstance(choices, tuple):
        words: tuple[Any, ...] = (
            tuple(value.values()) if isinstance(value, dict) else (value,)
        )
        for word in words:
            if word not in choices:
                raise PackError(
                    f"{where.at(key, word)}: {key}: unknown value {word!r}",
                    hint=suggestion("value", word, choices),
                )


_TYPES: Mapping[type, str] = {
    str: "a string",
    int: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def _remedy(table: Any, where: _Place) -> RuleFix:
    if not isinstance(table, dict):
        raise PackError(f"{where}: fix must be a table, [rule.fix]")
    _no_unknown(table, ("kind", "text", "fixer", "equivalent"), where)
    kind = _choice(table.get("kind", "none"), FIX_KINDS, "fix kind", where)
    fixer = str(table.get("fixer", ""))
    if bool(fixer) != (kind == "safe"):
        raise PackError(
            f"{where}: a safe fix needs a fixer, other fixes must not have one"
        )
    if fixer:
        from patchpilot.lint.fixing.fixer import import_fixers

        known = import_fixers()
        if fixer not in known:
            raise PackError(
                f"{where}: unknown fixer {fixer!r}",
                hint=suggestion("fixer", fixer, sorted(known)),
            )
    return RuleFix(
        kind,
        str(table.get("text", "")).strip(),
        fixer,
        str(table.get("equivalent", "")).strip(),
    )


def _example(table: Any, where: _Place, *, bad: bool) -> Example:
    if not isinstance(table, dict):
        raise PackError(
            f"{where}: an example must be a table, [[rule.{'bad' if bad else 'good'}]]"
        )
    _no_unknown(table, tuple(_EXAMPLE), where)
    for key, value in table.items():
        if not isinstance(value, _EXAMPLE[key]):
            raise PackError(
                f"{where}: {key} of an example must be {_TYPES[_EXAMPLE[key]]}"
            )
    if not any(key in table for key in _CONTENT):
        raise PackError(f"{where}: an example must have one of {', '.join(_CONTENT)}")
    if "code" in table and "path" not in table:
        raise PackError(f"{where}: an example with code needs a path")
    values = dict(table)
    values["kernel"] = _kernel(table.get("kernel"), where)
    for key in ("series", "also"):
        values[key] = tuple(_strings(table.get(key, []), key, where))
    return Example(bad=bad, **values)


def _kernel(text: str | None, where: _Place) -> Kernel | None:
    if text is None:
        return None
    match = _KERNEL.match(text)
    if not match:
        raise PackError(f"{where}: a kernel version must have the form 6.1")
    return int(match[1]), int(match[2])


def _strings(value: Any, key: str, where: _Place) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise PackError(f"{where}: {key} must be a list of strings")
    return value


def _choice(value: Any, choices: tuple[str, ...], what: str, where: _Place) -> str:
    if value not in choices:
        raise PackError(
            f"{where}: {what} {value!r} must be one of {', '.join(choices)}"
        )
    return str(value)


def _no_unknown(
    table: Mapping[str, Any], known: tuple[str, ...], where: _Place | str
) -> None:
    for key in table:
        if key not in known:
            raise PackError(
                f"{where}: unknown key {key!r}", hint=suggestion("key", key, known)
            )
