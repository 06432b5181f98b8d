# SPDX-License-Identifier: GPL-2.0-or-later
"""List the interface that a version promises to keep, one item per line.

The items are commands, options, exit codes, settings, environment variables, rules and JSON keys.
Write them to the file with `.venv/bin/python -m tests.upgrades.promised >
tests/upgrades/0.1/promised.txt`.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import patchpilot
from patchpilot.cli.command import FLAG, HELP_SPELLINGS, Command
from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.main import root
from patchpilot.config import KEYS, USER_KEYS
from patchpilot.errors import ExitCode
from patchpilot.lint.rule_store import load_rules

PACKAGE = Path(patchpilot.__file__).parent
SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "schemas"


def list_promises() -> tuple[str, ...]:
    return tuple(
        sorted(
            {
                *_list_command_promises(root, ""),
                *_list_setting_promises(),
                *_list_exit_code_promises(),
                *_list_rule_promises(),
                *_list_document_promises(),
            }
        )
    )


def _list_command_promises(command: Command, path: str) -> Iterator[str]:
    for argument in command.arguments:
        yield f"argument {path} {argument.metavar or argument.key.upper()}".replace("  ", " ")
    for spelling in HELP_SPELLINGS:
        yield f"option {path} {spelling} flag".replace("  ", " ")
    for option in command.options:
        value_kind = "flag" if option.kind == FLAG else "value"
        for spelling in (*option.spellings, *option.off):
            yield f"option {path} {spelling} {value_kind}".replace("  ", " ")
        for choice in option.choices:
            yield f"choice {path} {option.spellings[0]} {choice}".replace("  ", " ")
    for name in command.commands:
        yield f"verb {path} {name}".replace("  ", " ")
        yield from _list_command_promises(command.sub(name), f"{path} {name}".strip())


def _list_setting_promises() -> Iterator[str]:
    for key in (*KEYS, *USER_KEYS):
        setting_sources = "tree and git" if key.from_tree else "git"
        yield f"setting {key.name} {key.kind} {key.default!r} from {setting_sources}"
        for choice in key.choices:
            yield f"setting {key.name} can be {choice}"
    for variable_names in re.findall(r"(?m)^  ([A-Z_, ]+?)  +\S", TOPICS["environment"]):
        yield from (f"variable {variable_name}" for variable_name in variable_names.split(", "))
    for file in PACKAGE.rglob("*.py"):
        source_code = file.read_text(encoding="utf-8")
        for variable_name in re.findall(r"\bPATCHPILOT_[A-Z]+", source_code):
            yield f"variable {variable_name}"


def _list_exit_code_promises() -> Iterator[str]:
    for exit_code in ExitCode:
        yield f"exit code {int(exit_code)} {exit_code.name}"


def _list_rule_promises() -> Iterator[str]:
    for rule in load_rules():
        yield f"rule {rule.id} {rule.name}"


def _list_document_promises() -> Iterator[str]:
    for file in SCHEMAS.glob("*.json"):
        schema = json.loads(file.read_text(encoding="utf-8"))
        name = schema["title"].removeprefix("patchpilot/")
        for path, key_type in _list_schema_keys(schema, ""):
            yield f"json {name} {path} {key_type}"


def _list_schema_keys(schema: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for schema_form in schema.get("oneOf", ()):
        yield from _list_schema_keys(schema_form, path)
    required_keys = schema.get("required", ())
    nested_schemas = [
        (f".{name}", value, "" if name in required_keys else " if any")
        for name, value in schema.get("properties", {}).items()
    ]
    nested_schemas += [
        (f"[{index}]", value, "") for index, value in enumerate(schema.get("prefixItems", ()))
    ]
    nested_schemas += [
        (name, schema[key], "")
        for name, key in (("[]", "items"), ("[key]", "additionalProperties"))
        if isinstance(schema.get(key), dict)
    ]
    for name, value, optional_note in nested_schemas:
        yield f"{path}{name}", f"{_format_schema_types(value)}{optional_note}"
        yield from _list_schema_keys(value, f"{path}{name}")


def _format_schema_types(schema: dict[str, Any]) -> str:
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " ".join(json.dumps(value) for value in sorted(schema["enum"], key=str))
    kinds = schema.get("type", "any")
    return kinds if isinstance(kinds, str) else " or ".join(sorted(kinds))


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in list_promises()))
