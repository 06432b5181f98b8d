# SPDX-License-Identifier: GPL-2.0-or-later
"""Define tools: the arguments that an agent may pass, and the command line that they become."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from patchpilot.errors import UsageError
from patchpilot.mcp.boundary import Boundary
from patchpilot.mcp.shorten import compact
from patchpilot.model.bounded import MAX_MAIL
from patchpilot.model.printable import crop_text, make_one_line

LONGEST = 4096
"""Characters of any other argument."""


class ParameterKind(StrEnum):
    """The kind of an argument, which decides how it is checked."""

    WORDS = "words"
    TARGET = "target"
    FILES = "files"
    PATH = "path"
    STDIN = "stdin"
    FLAG = "flag"
    NUMBER = "number"
    CHOICE = "choice"


_SHORT_TEXT: dict[str, Any] = {"type": "string", "maxLength": LONGEST}
_SCHEMAS: dict[ParameterKind, dict[str, Any]] = {
    ParameterKind.FLAG: {"type": "boolean"},
    ParameterKind.NUMBER: {"type": "number"},
    ParameterKind.CHOICE: {"type": "string"},
    ParameterKind.STDIN: {"type": "string", "minLength": 1, "maxLength": MAX_MAIL},
}
"""Kind of an argument → its JSON Schema; `_SHORT_TEXT` if it is not listed."""


class Parameter(NamedTuple):
    """An argument of a tool.

    `option` is its spelling on the command line; it is "" for an operand. `added` are options that
    the command needs with this argument.
    """

    name: str
    description: str
    kind: ParameterKind = ParameterKind.WORDS
    option: str = ""
    several: bool = False
    choices: tuple[str, ...] = ()
    limits: tuple[int | None, int | None] = (None, None)
    required: bool = False
    added: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the argument."""
        own = {"enum": self.choices or None, "minimum": self.limits[0], "maximum": self.limits[1]}
        value = _SCHEMAS.get(self.kind, _SHORT_TEXT) | compact(own)
        if self.several:
            value = {"type": "array", "items": value, "minItems": 1, "maxItems": 100}
        return {**value, "description": self.description}


class Tool(NamedTuple):
    """A tool: a command with fixed options, and the arguments that an agent may pass.

    `either` names arguments of which at most one may be passed. `omitted` are keys of the JSON
    document that help a program and not a reader. `writes` is set if the tool changes files.
    """

    name: str
    description: str
    command: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    either: tuple[str, ...] = ()
    omitted: frozenset[str] = frozenset()
    writes: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the arguments."""
        return {
            "type": "object",
            "properties": {parameter.name: parameter.schema for parameter in self.parameters},
            "required": [parameter.name for parameter in self.parameters if parameter.required],
            "additionalProperties": False,
        }


class CommandCall(NamedTuple):
    """The arguments of a command line, and its standard input."""

    arguments: tuple[str, ...]
    stdin: bytes
    targets: tuple[str, ...]


def make_command_call(tool: Tool, values: Mapping[str, Any], boundary: Boundary) -> CommandCall:
    """Return the command line of a call.

    Raise UsageError for invalid arguments, and RefusedError for arguments outside of the boundary.
    """
    _verify_arguments(tool, values)
    options: list[str] = []
    operands: list[str] = []
    stdin = b""
    for parameter in tool.parameters:
        if parameter.name not in values or values[parameter.name] is False:
            continue
        value = values[parameter.name]
        texts = [_format_value(each) for each in (value if parameter.several else [value])]
        options += parameter.added
        if parameter.kind is ParameterKind.FLAG:
            options += [parameter.option] if parameter.option else []
        elif parameter.kind is ParameterKind.STDIN:
            stdin = texts[0].encode("utf-8", "replace")
            operands.append("-")
        else:
            for text in texts:
                _verify_value(parameter, text, boundary)
            if parameter.option:
                options += [f"{parameter.option}={text}" for text in texts]
            else:
                operands += texts
    return CommandCall((*tool.command, *options, "--", *operands), stdin, tuple(operands))


def _verify_arguments(tool: Tool, values: Mapping[str, Any]) -> None:
    if error := best_match(Draft202012Validator(tool.schema).iter_errors(dict(values))):
        name = ".".join(map(str, error.absolute_path))
        value = repr(error.instance)
        short = error.message.replace(value, crop_text(value, 40))
        problem = crop_text(make_one_line(short), 160)
        raise UsageError(
            f"{tool.name}: {f'{name}: ' if name else ''}{problem}",
            hint="the arguments are listed with the tool",
        )
    if len(given := [name for name in tool.either if name in values]) > 1:
        raise UsageError(f"{tool.name}: {' and '.join(given)} cannot be combined")


def _format_value(value: Any) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)


def _verify_value(parameter: Parameter, text: str, boundary: Boundary) -> None:
    boundary.refuse_unsafe_text(parameter.name, text)
    if parameter.kind is ParameterKind.TARGET:
        boundary.refuse_outside_target(text)
    elif parameter.kind in (ParameterKind.FILES, ParameterKind.PATH):
        boundary.refuse_outside_path(text, must_exist=parameter.kind is ParameterKind.FILES)
