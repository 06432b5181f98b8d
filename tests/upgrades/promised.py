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
from patchpilot.config import KEYS
from patchpilot.errors import ExitCode
from patchpilot.lint.rule_store import load_rules

PACKAGE = Path(patchpilot.__file__).parent
SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "schemas"


def list_promises() -> tuple[str, ...]:
    return tuple(
        sorted(
            {
                *_command_promises(root, ""),
                *_setting_promises(),
                *_exit_code_promises(),
                *_rule_promises(),
                *_document_promises(),
            }
        )
    )


def _command_promises(command: Command, path: str) -> Iterator[str]:
    for argument in command.arguments:
        yield f"argument {path} {argument.metavar or argument.key.upper()}".replace(
            "  ", " "
        )
    for spelling in HELP_SPELLINGS:
        yield f"option {path} {spelling} flag".replace("  ", " ")
    for option in command.options:
        kind = "flag" if option.kind == FLAG else "value"
        for spelling in (*option.spellings, *option.off):
            yield f"option {path} {spelling} {kind}".replace("  ", " ")
        for choice in option.choices:
            yield f"choice {path} {option.spellings[0]} {choice}".replace("  ", " ")
    for name in command.commands:
        yield f"verb {path} {name}".replace("  ", " ")
        yield from _command_promises(command.sub(name), f"{path} {name}".strip())


def _setting_promises() -> Iterator[str]:
    for key in KEYS:
        sources = "tree and git" if key.from_tree else "git"
        yield f"setting {key.name} {key.kind} {key.default!r} from {sources}"
        for choice in key.choices:
            yield f"setting {key.name} can be {choice}"
    for words in re.findall(r"(?m)^  ([A-Z_, ]+?)  +\S", TOPICS["environment"]):
        yield from (f"variable {word}" for word in words.split(", "))
    for file in PACKAGE.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        for word in re.findall(r"\bPATCHPILOT_[A-Z]+", text):
            yield f"variable {word}"


def _exit_code_promises() -> Iterator[str]:
    for code in ExitCode:
        yield f"exit code {int(code)} {code.name}"


def _rule_promises() -> Iterator[str]:
    for rule in load_rules():
        yield f"rule {rule.id} {rule.name}"


def _document_promises() -> Iterator[str]:
    for file in SCHEMAS.glob("*.json"):
        schema = json.loads(file.read_text(encoding="utf-8"))
        name = schema["title"].removeprefix("patchpilot/")
        for path, kind in _schema_keys(schema, ""):
            yield f"json {name} {path} {kind}"


def _schema_keys(schema: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for form in schema.get("oneOf", ()):
        yield from _schema_keys(form, path)
    required = schema.get("required", ())
    inner = [
        (f".{name}", value, "" if name in required else " if any")
        for name, value in schema.get("properties", {}).items()
    ]
    inner += [
        (f"[{index}]", value, "")
        for index, value in enumerate(schema.get("prefixItems", ()))
    ]
    inner += [
        (name, schema[key], "")
        for name, key in (("[]", "items"), ("[key]", "additionalProperties"))
        if isinstance(schema.get(key), dict)
    ]
    for name, value, may in inner:
        yield f"{path}{name}", f"{_schema_types(value)}{may}"
        yield from _schema_keys(value, f"{path}{name}")


def _schema_types(schema: dict[str, Any]) -> str:
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " ".join(json.dumps(value) for value in sorted(schema["enum"], key=str))
    kinds = schema.get("type", "any")
    return kinds if isinstance(kinds, str) else " or ".join(sorted(kinds))


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in list_promises()))
