# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse rule packs (TOML) into rules and examples, and validate them.

Errors are PackErrors with the file and the rule.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from patchpilot.errors import PackError, suggest_valid_words
from patchpilot.lint import pack_patterns
from patchpilot.lint.detector import DETECTORS, ArgumentType, RegisteredDetector
from patchpilot.model.rule import (
    FIX_KINDS,
    SCOPES,
    Example,
    Kernel,
    Pack,
    Rule,
    RuleFix,
    Severity,
)

_ID = re.compile(r"^[A-Z][A-Z0-9]*[0-9]{3}$")
_NAME = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")
_HEADER = re.compile(r"\s*\[\[\s*rule\s*\]\]")
_KERNEL = re.compile(r"^(\d+)\.(\d+)$")
STRINGS, TEXTS = "strings", "texts"
_FORMS: Mapping[Any, str] = {
    str: "a string",
    int: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    STRINGS: "a list of strings",
    TEXTS: "a table of strings",
}
_REQUIRED: Mapping[str, Any] = {
    **dict.fromkeys(("id", "name", "severity", "scope", "summary", "why", "reference"), str),
    "match": dict,
    "bad": list,
    "good": list,
}
_RULE: Mapping[str, Any] = {
    **_REQUIRED,
    **dict.fromkeys(("message", "checkpatch", "since", "until", "checkpatch_severity"), str),
    **dict.fromkeys(("profiles", "known_problems", "needs", "covers"), STRINGS),
    **dict.fromkeys(("messages", "options", "severities", "checkpatch_severities"), TEXTS),
    "fix": dict,
    "on_moved": bool,
}
_FIX = dict.fromkeys(RuleFix._fields, str)
_EXAMPLE: Mapping[str, Any] = {
    **dict.fromkeys(Example._fields[1:], str),
    **dict.fromkeys(("series", "also"), STRINGS),
    **dict.fromkeys(("tree", "history"), dict),
    **dict.fromkeys(("new_file", "stays"), bool),
    "count": int,
}
_DOCS = "https://docs.kernel.org/"
"""The site to which "docs:" in a reference refers."""
_EXAMPLE_PATH = "drivers/frob/frob.c"
_CONTENT = ("subject", "message", "trailers", "code", "diff", "patch", "series")


class _Position(NamedTuple):
    """The position of a rule in its pack, shown in errors as `file:line: rule ID`.

    The line is 0 if unknown.
    """

    label: str
    line: int
    rule: str
    is_tested: bool = False

    @property
    def place(self) -> str:
        """Return the file and line of the rule."""
        return f"{self.label}:{self.line}" if self.line else self.label

    def __str__(self) -> str:
        return f"{self.place}: rule {self.rule}"


def parse_pack(
    text: str,
    label: str,
    detectors: Mapping[str, RegisteredDetector] = DETECTORS,
    *,
    is_tested: bool = False,
) -> Pack:
    """Parse the TOML text of a rule pack.

    `label` is the file name for error messages; its stem becomes the pack's name. `is_tested` skips
    the checks of patterns, placeholders and fixers for packs that the test suite covers.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise PackError(
            f"{label}: not valid TOML: {error}", hint="correct the TOML syntax"
        ) from error
    _check_table_keys(data, {"parts": TEXTS, "rule": list}, label)
    parts, tables = data.get("parts", {}), data.get("rule", [])
    name = Path(label).stem
    starts = [number for number, line in enumerate(text.splitlines(), 1) if _HEADER.match(line)]
    rules: list[Rule] = []
    examples: dict[str, tuple[Example, ...]] = {}
    for number, table in enumerate(tables):
        if not isinstance(table, dict):
            raise PackError(f"{label}: a rule must be a table, [[rule]]")
        position = _Position(
            label,
            starts[number] if len(starts) == len(tables) else 0,
            str(table.get("id") or table.get("name") or number + 1),
            is_tested,
        )
        if isinstance(match := table.get("match"), dict):
            table["match"] = _add_parts(match, parts)
        rule = _parse_rule(table, name, position, detectors)
        if rule.id in examples:
            raise PackError(f"{position}: duplicate rule id")
        rules.append(rule)
        examples[rule.id] = _parse_table_examples(table, position)
    return Pack(name, tuple(rules), examples)


def parse_examples(text: str, label: str) -> dict[str, tuple[Example, ...]]:
    """Return the examples in a rule pack by rule id.

    The pack must already have passed parse_pack.
    """
    return {
        table["id"]: _parse_table_examples(table, _Position(label, 0, table["id"]))
        for table in tomllib.loads(text)["rule"]
    }


def _parse_table_examples(table: Mapping[str, Any], position: _Position) -> tuple[Example, ...]:
    return (
        *(_parse_example(example, position, bad=True) for example in table["bad"]),
        *(_parse_example(example, position, bad=False) for example in table["good"]),
    )


def _add_parts(match: Any, parts: Mapping[str, str]) -> Any:
    """Replace the names of pattern parts with the parts themselves in a rule's `match` table."""
    match match:
        case str():
            return parts.get(match, match)
        case dict():
            return {key: _add_parts(value, parts) for key, value in match.items()}
        case list():
            return [_add_parts(value, parts) for value in match]
    return match


def _parse_rule(
    table: Mapping[str, Any],
    pack: str,
    position: _Position,
    detectors: Mapping[str, RegisteredDetector],
) -> Rule:
    _check_table_keys(table, _RULE, position)
    for key in _REQUIRED:
        if not table.get(key):
            raise PackError(
                f"{position}: {key} is missing",
                hint=f"required: {', '.join(_REQUIRED)}",
            )
    for key, required in (
        ("checkpatch_severities", "checkpatch_severity"),
        ("checkpatch_severity", "checkpatch"),
    ):
        if key in table and required not in table:
            raise PackError(f"{position}: {key} requires {required}")
    values = {key: _convert_value(key, value, position) for key, value in table.items()}
    if not _ID.match(table["id"]):
        raise PackError(f"{position}: an id must be capital letters and three digits, e.g. TAG003")
    if not _NAME.match(table["name"]):
        raise PackError(f"{position}: a name must be lower-case words joined by hyphens")
    name, arguments = _parse_match(values.pop("match"), position, detectors)
    detector = detectors[name]
    if detector.generic and not position.is_tested:
        _check_placeholders(
            values.get("message", ""),
            values.get("messages", {}),
            detector.placeholders(arguments),
            position,
        )
    del values["bad"], values["good"]
    return Rule(
        pack=pack,
        detector=name,
        module=detector.function.__module__,
        arguments=arguments,
        remedy=_parse_fix(values.pop("fix", {}), position),
        origin="" if position.is_tested else position.place,
        **values,
    )


def _convert_value(key: str, value: Any, position: _Position) -> Any:
    if key in ("severity", "checkpatch_severity"):
        return Severity(_check_choice(value, tuple(Severity), "severity", position))
    if key.endswith("severities"):
        return {
            case: Severity(_check_choice(word, tuple(Severity), f"severity of {case}", position))
            for case, word in value.items()
        }
    if key in ("since", "until"):
        return _parse_kernel(value, position)
    if key == "scope":
        return _check_choice(value, SCOPES, key, position)
    match _RULE[key]:
        case "strings":
            return tuple(value)
        case "texts":
            return {name: text.strip() for name, text in value.items()}
    if key == "reference":
        value = re.sub("^docs:", _DOCS, value)
    return value.strip() if isinstance(value, str) else value


def _check_placeholders(
    message: str,
    messages: Mapping[str, str],
    placeholders: Mapping[str, frozenset[str]],
    position: _Position,
) -> None:
    """Raise PackError for an unknown placeholder, or if there is no message for one of the
    detector's cases.
    """
    for case in messages:
        if case not in placeholders:
            raise PackError(
                f"{position}: the detector has no case {case!r}",
                hint=suggest_valid_words("case", case, placeholders),
            )
    for case in placeholders if messages and not message else ():
        if case not in messages:
            raise PackError(
                f"{position}: no message for the case {case!r}",
                hint="add it to [rule.messages], or write a single message that covers every case",
            )
    for case, names in placeholders.items():
        for name in pack_patterns.find_placeholders(messages.get(case) or message):
            if name not in names:
                raise PackError(
                    f"{position}: unknown placeholder {{{name}}}",
                    hint=suggest_valid_words("placeholder", name, sorted(names)),
                )


def _parse_match(
    table: Any, position: _Position, detectors: Mapping[str, RegisteredDetector]
) -> tuple[str, dict[str, Any]]:
    if not isinstance(table, dict) or not isinstance(table.get("detector"), str):
        raise PackError(f"{position}: [rule.match] must name a detector")
    name = table["detector"]
    if name not in detectors:
        raise PackError(
            f"{position}: unknown detector {name!r}",
            hint=suggest_valid_words("detector", name, sorted(detectors)),
        )
    known_arguments = detectors[name].arguments
    arguments = {key: value for key, value in table.items() if key != "detector"}
    _check_arguments(name, arguments, known_arguments, position)
    if "of" in known_arguments:
        arguments.setdefault("of", [])
        for key in {"of", "when", "unless"} & arguments.keys():
            arguments[key] = [
                _parse_table(argument, key, position, detectors) for argument in arguments[key]
            ]
    patterns = () if position.is_tested else pack_patterns.list_named_patterns(arguments)
    for key, pattern in patterns:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise PackError(f"{position}: {key} {pattern!r}: {error}") from error
    return name, arguments


def _parse_table(
    table: Any,
    key: str,
    position: _Position,
    detectors: Mapping[str, RegisteredDetector],
) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise PackError(f"{position}: {key} must be a list of tables, [[rule.match.{key}]]")
    common_values = {name: table[name] for name in ("case", "values") if name in table}
    _check_table_keys(common_values, {"case": str, "values": TEXTS}, position)
    name, arguments = _parse_match(
        {name: value for name, value in table.items() if name not in common_values},
        position,
        detectors,
    )
    if not detectors[name].generic or "of" in detectors[name].arguments:
        raise PackError(
            f"{position}: {name} cannot be used in [[rule.match.{key}]]",
            hint="use a general detector",
        )
    return {
        **arguments,
        **common_values,
        "detector": name,
        "module": detectors[name].function.__module__,
    }


def _check_arguments(
    name: str,
    arguments: Mapping[str, Any],
    types: Mapping[str, ArgumentType],
    position: _Position,
) -> None:
    for key, value in arguments.items():
        if key not in types:
            raise PackError(
                f"{position}: {name} has no argument {key!r}",
                hint=suggest_valid_words("argument", key, types),
            )
        kind = types[key]
        if not isinstance(kind, Mapping):
            _check_argument(key, value, types, position)
        elif not isinstance(value, list) or not all(isinstance(element, dict) for element in value):
            raise PackError(f"{position}: {key} must be a list of tables")
        else:
            for element in value:
                _check_arguments(f"{key} of {name}", element, kind, position)


def _check_argument(
    key: str, value: Any, types: Mapping[str, ArgumentType], position: _Position
) -> None:
    kind = types[key]
    _check_table_keys({key: value}, {key: kind if isinstance(kind, type) else str}, position)
    if kind is list:
        part = dict if key in _LISTS_OF_TABLES else str
        if not all(isinstance(item, part) for item in value):
            form = "tables" if part is dict else "strings"
            raise PackError(f"{position}: {key} must be a list of {form}")
    if isinstance(kind, tuple) and value not in kind:
        raise PackError(
            f"{position}: {key}: unknown value {value!r}",
            hint=suggest_valid_words("value", value, kind),
        )


def _parse_fix(table: Mapping[str, Any], position: _Position) -> RuleFix:
    _check_table_keys(table, _FIX, position)
    fix = RuleFix(**{key: text.strip() for key, text in table.items()})
    _check_choice(fix.kind, FIX_KINDS, "fix kind", position)
    if bool(fix.fixer) != (fix.kind == "safe"):
        raise PackError(f"{position}: a safe fix needs a fixer, other fixes must not have one")
    if fix.fixer and not position.is_tested:
        from patchpilot.lint.fixing.fixer import import_fixers

        known_fixers = import_fixers()
        if fix.fixer not in known_fixers:
            raise PackError(
                f"{position}: unknown fixer {fix.fixer!r}",
                hint=suggest_valid_words("fixer", fix.fixer, sorted(known_fixers)),
            )
    return fix


def _parse_example(table: Any, position: _Position, *, bad: bool) -> Example:
    _check_table_keys(table, _EXAMPLE, position, " of an example")
    if not any(key in table for key in _CONTENT):
        raise PackError(f"{position}: an example must have one of {', '.join(_CONTENT)}")
    if "code" in table or "diff --git" not in table.get("diff", "diff --git"):
        table = {"path": _EXAMPLE_PATH, **table}
    lists = {key: tuple(table[key]) for key in ("series", "also") if key in table}
    kernel = _parse_kernel(table["kernel"], position) if "kernel" in table else None
    return Example(bad=bad, **{**table, **lists, "kernel": kernel})


def _parse_kernel(text: str, position: _Position) -> Kernel:
    match = _KERNEL.match(text)
    if not match:
        raise PackError(f"{position}: a kernel version must have the form 6.1")
    return int(match[1]), int(match[2])


def _check_choice(
    value: Any, choices: tuple[str, ...], description: str, position: _Position
) -> str:
    if value not in choices:
        raise PackError(f"{position}: {description} {value!r} must be one of {', '.join(choices)}")
    return str(value)


def _check_table_keys(
    table: Any,
    kinds: Mapping[str, Any],
    position: _Position | str,
    description: str = "",
) -> None:
    if not isinstance(table, dict):
        raise PackError(f"{position}: a rule's examples and fix must be tables")
    for key, value in table.items():
        if key not in kinds:
            raise PackError(
                f"{position}: unknown key {key!r}",
                hint=suggest_valid_words("key", key, kinds),
            )
        if not _has_type(value, kinds[key]):
            raise PackError(f"{position}: {key}{description} must be {_FORMS[kinds[key]]}")


def _has_type(value: Any, kind: Any) -> bool:
    match kind:
        case "strings":
            return isinstance(value, list) and all(isinstance(element, str) for element in value)
        case "texts":
            return isinstance(value, dict) and all(
                isinstance(element, str) and element.strip() for element in value.values()
            )
    return isinstance(value, kind) and isinstance(value, bool) is (kind is bool)


_LISTS_OF_TABLES = ("of", "when", "unless", "rows")
"""The arguments that are lists of tables; all other lists contain strings."""
