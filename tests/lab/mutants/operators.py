# SPDX-License-Identifier: GPL-2.0-or-later
"""Every mutant of a module: a comparison, an operator, a constant, a result, a statement or an
argument changed.

Not changed: annotations, decorators, docstrings, f-strings (before Python 3.12 their parts have no
position) and sentences for people, whose wording is no behavior.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
    ast.BitXor: ("^", "&"),
}
_SENTENCE = re.compile(r"[A-Za-z,;:.')] [A-Za-z(]{2,}|[a-z]{2} [a-z]")
_NOT_CODE = (
    "annotation",
    "returns",
    "decorator_list",
    "type_params",
    "bases",
    "pattern",
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the bytes from `start` to `end` of a file become `new`.

    `lines` are the first and last line of the statement.
    """

    path: str
    kind: str
    line: int
    lines: tuple[int, int]
    start: int
    end: int
    old: str
    new: str

    def applied(self, source: bytes) -> bytes:
        """The source with the change made."""
        return source[: self.start] + self.new.encode() + source[self.end :]

    @property
    def key(self) -> str:
        """What names the mutant in this version of the file."""
        return f"{self.path}:{self.line}:{self.start}:{self.kind}:{self.new}"


def mutants(path: str, source: bytes) -> list[Mutant]:
    """Every mutant of a file that compiles, in the order of the file, each result once."""
    found: list[Mutant] = []
    seen = {source}
    for one in _Finder(path, source).run():
        changed = one.applied(source)
        if changed in seen:
            continue
        seen.add(changed)
        try:
            compile(changed, path, "exec")
        except (SyntaxError, ValueError):
            continue
        found.append(one)
    return sorted(found, key=lambda one: (one.start, one.end, one.kind, one.new))


class _Finder:
    """Walks one file's syntax tree."""

    def __init__(self, path: str, source: bytes) -> None:
        self.path, self.source = path, source
        self.starts = [0]
        for line in source.split(b"\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.lines = (1, 1)

    def run(self) -> Iterator[Mutant]:
        yield from self._visit(ast.parse(self.source))

    def _span(self, node: ast.AST) -> tuple[int, int]:
        line, column, last, end = (
            getattr(node, name)
            for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")
        )
        return self.starts[line - 1] + column, self.starts[last - 1] + end

    def _text(self, start: int, end: int) -> str:
        return self.source[start:end].decode()

    def _make(self, kind: str, start: int, end: int, new: str) -> Mutant:
        line = self.source.count(b"\n", 0, start) + 1
        return Mutant(
            self.path, kind, line, self.lines, start, end, self._text(start, end), new
        )

    def _replace(self, kind: str, node: ast.AST, new: str) -> Mutant:
        return self._make(kind, *self._span(node), new)

    def _between(
        self, kind: str, before: ast.AST, after: ast.AST, old: str, new: str
    ) -> Iterator[Mutant]:
        """The operator between two operands replaced."""
        start, end = self._span(before)[1], self._span(after)[0]
        words = re.escape(old).replace(r"\ ", r"\s+")
        where = re.search(
            rf"\b{words}\b" if old[0].isalpha() else words, self._text(start, end)
        )
        if where:
            yield self._make(kind, start + where.start(), start + where.end(), new)

    def _visit(self, node: ast.AST) -> Iterator[Mutant]:
        before = self.lines
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = (
                body[0].lineno - 1
                if isinstance(body, list) and body
                else node.end_lineno or node.lineno
            )
            self.lines = (node.lineno, max(node.lineno, last))
        elif isinstance(node, ast.ExceptHandler):
            self.lines = (node.lineno, node.lineno)
        if not _skipped(node):
            method = getattr(self, f"_{type(node).__name__.lower()}", None)
            if method:
                yield from method(node)
            for name, value in ast.iter_fields(node):
                if name in _NOT_CODE:
                    continue
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(child, ast.AST):
                        yield from self._visit(child)
        self.lines = before

    def _compare(self, node: ast.Compare) -> Iterator[Mutant]:
        for before, operator, after in zip(
            [node.left, *node.comparators], node.ops, node.comparators, strict=False
        ):
            old, news = _COMPARISONS[type(operator)]
            for new in news:
                yield from self._between("comparison", before, after, old, new)

    def _boolop(self, node: ast.BoolOp) -> Iterator[Mutant]:
        old, new, neutral = (
            ("and", "or", "True")
            if isinstance(node.op, ast.And)
            else ("or", "and", "False")
        )
        for before, after in zip(node.values, node.values[1:], strict=False):
            yield from self._between("and/or", before, after, old, new)
        for value in node.values:
            yield self._replace("operand", value, neutral)

    def _unaryop(self, node: ast.UnaryOp) -> Iterator[Mutant]:
        start, end = self._span(node)
        if isinstance(node.op, ast.Not):
            yield self._make("not", start, end, self._text(start, end)[3:].lstrip())
        elif isinstance(node.op, ast.USub):
            yield self._make("sign", start, end, self._text(start, end)[1:].lstrip())

    def _binop(self, node: ast.BinOp) -> Iterator[Mutant]:
        if type(node.op) in _ARITHMETIC:
            yield from self._between(
                "arithmetic", node.left, node.right, *_ARITHMETIC[type(node.op)]
            )

    def _augassign(self, node: ast.AugAssign) -> Iterator[Mutant]:
        old, new = _ARITHMETIC[type(node.op)]
        yield from self._between(
            "arithmetic", node.target, node.value, f"{old}=", f"{new}="
        )
        yield self._replace("statement", node, "pass")

    def _condition(self, test: ast.expr) -> Iterator[Mutant]:
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.Constant | ast.UnaryOp):
            yield self._replace(
                "condition", test, f"(not ({self._text(*self._span(test))}))"
            )

    def _if(self, node: ast.If | ast.While | ast.IfExp) -> Iterator[Mutant]:
        yield from self._condition(node.test)

    _while = _ifexp = _if

    def _comprehension(self, node: ast.comprehension) -> Iterator[Mutant]:
        for test in node.ifs:
            yield from self._condition(test)

    def _constant(self, node: ast.Constant) -> Iterator[Mutant]:
        if isinstance(node.value, bool):
            yield self._replace("constant", node, str(not node.value))
        elif isinstance(node.value, int | float):
            yield self._replace("constant", node, repr(node.value + 1))
        elif isinstance(node.value, str | bytes) and not _is_sentence(node.value):
            mark = "XX" if isinstance(node.value, str) else b"XX"
            yield self._replace(
                "constant", node, repr(mark + node.value + mark if node.value else mark)
            )  # type: ignore[operator]

    def _return(self, node: ast.Return) -> Iterator[Mutant]:
        if node.value is not None and not isinstance(node.value, ast.Constant):
            yield self._replace("result", node, "return None")

    def _expr(self, node: ast.Expr) -> Iterator[Mutant]:
        yield self._replace("statement", node, "pass")

    def _raise(self, node: ast.Raise) -> Iterator[Mutant]:
        yield self._replace("statement", node, "pass")

    _delete = _raise

    def _assign(self, node: ast.Assign) -> Iterator[Mutant]:
        if all(
            isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets
        ):
            yield self._replace("statement", node, "pass")

    def _break(self, node: ast.Break) -> Iterator[Mutant]:
        yield self._replace("statement", node, "continue")

    def _continue(self, node: ast.Continue) -> Iterator[Mutant]:
        yield self._replace("statement", node, "break")

    def _slice(self, node: ast.Slice) -> Iterator[Mutant]:
        for bound in (node.lower, node.upper):
            if bound is not None:
                yield self._replace("slice", bound, "")

    def _call(self, node: ast.Call) -> Iterator[Mutant]:
        items: list[ast.expr | ast.keyword] = sorted(
            [*node.args, *node.keywords], key=lambda one: self._span(one)
        )
        for at, one in enumerate(items):
            if (isinstance(one, ast.keyword) and one.arg) or (
                at == len(node.args) - 1 and at > 0 and not isinstance(one, ast.Starred)
            ):
                start, end = self._span(one)
                if at > 0:
                    start = self._span(items[at - 1])[1]
                elif len(items) > 1:
                    end = self._span(items[1])[0]
                yield self._make("argument", start, end, "")


def _is_sentence(text: str | bytes) -> bool:
    return isinstance(text, str) and bool(_SENTENCE.search(text))


def _skipped(node: ast.AST) -> bool:
    """Whether nothing in a node is changed."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    ):
        return True
    return isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom | ast.Assert)
