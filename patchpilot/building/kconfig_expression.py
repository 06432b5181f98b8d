# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse Kconfig expressions."""

import ast
import functools
import re
from typing import NamedTuple

_TOKEN = re.compile(r'&&|\|\||[!<>]=|[()!=<>]|"[^"]*"|\'[^\']*\'|[^\s()!=<>&|]+')
_MACRO = re.compile(r"\$\((?:[^()]|\([^()]*\))*\)")
_AS_PYTHON = {"&&": "and", "||": "or", "!": "not", "=": "=="}
_NAME = re.compile(r"[^\s()!=<>&|]")
_OPERATORS = {ast.Eq: "=", ast.NotEq: "!="}
_MAX_LENGTH = 10_000


class Symbol(NamedTuple):
    """A symbol or a constant: y, m, n, or a quoted string."""

    name: str


class Not(NamedTuple):
    """The negation of an expression."""

    of: "Expression"


class Both(NamedTuple):
    """Expressions joined with &&."""

    all: "tuple[Expression, ...]"


class Either(NamedTuple):
    """Expressions joined with ||."""

    any: "tuple[Expression, ...]"


class Comparison(NamedTuple):
    """A comparison of two symbols or constants."""

    left: str
    operator: str
    right: str


Expression = Symbol | Not | Both | Either | Comparison
YES = Symbol("y")


@functools.lru_cache(50_000)
def parse_expression(text: str) -> Expression:
    """Parse a Kconfig expression, or return y if it is malformed.

    The expression is translated to Python and parsed by Python. Macros, which test the compiler,
    count as y.
    """
    tokens = _TOKEN.findall(_MACRO.sub("y", text[:_MAX_LENGTH]))
    # add a prefix, because Kconfig names can be Python keywords or numbers
    python_code = " ".join(
        "_" + re.sub(r"\W", "_", token.strip("\"'"))
        if _NAME.match(token)
        else _AS_PYTHON.get(token, token)
        for token in tokens
    )
    try:
        return _convert_node(ast.parse(python_code, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return YES


def _convert_node(node: ast.expr) -> Expression:
    match node:
        case ast.Name(name):
            return Symbol(name[1:])
        case ast.UnaryOp(_, operand):
            return Not(_convert_node(operand))
        case ast.BoolOp(operator, parts):
            kind = Both if isinstance(operator, ast.And) else Either
            return kind(tuple(map(_convert_node, parts)))
        case ast.Compare(ast.Name(left), [operator], [ast.Name(right)]):
            return Comparison(left[1:], _OPERATORS.get(type(operator), "<"), right[1:])
    return YES


def joined(*expressions: Expression) -> Expression:
    """Join expressions with &&."""
    parts = tuple(expression for expression in expressions if expression != YES)
    return parts[0] if len(parts) == 1 else Both(parts) if parts else YES
