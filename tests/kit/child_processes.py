# SPDX-License-Identifier: GPL-2.0-or-later
"""Find every child process that the source starts, and its arguments that may come from outside.

An argument is ours if it is a literal, a constant, or starts with a literal (`f"--since={when}"`).
The same applies to arguments after `--` or `--end-of-options` and to values of options (`-e
PATTERN`), because programs do not parse these as options. A name that a function assigns once
stands for its value.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from tests.kit.source import SOURCE, trees

ENDS = ("--", "--end-of-options")
TAKE_A_VALUE = ("-C", "-F", "-L", "-c", "-e", "-m", "-o", "--object-dir")
_ADDING = ("append", "extend", "insert")
_MODULES = (
    "subprocess.",
    "pty.",
    "webbrowser.",
    "multiprocessing.",
    "distributed.",
    "dask.",
)
_NAMES = (
    "asyncio.create_subprocess",
    "concurrent.futures.ProcessPoolExecutor",
    "git.Repo",
    "os.startfile",
)
_OS = ("os.system", "os.popen", "os.exec", "os.spawn", "os.posix_spawn", "os.fork")
_METHODS = (
    "open_url",
    "create_subprocess_exec",
    "create_subprocess_shell",
    "subprocess_exec",
    "subprocess_shell",
)
_GIT_METHODS = ("git", "_git", "rev_list", "config", "config_regexp")
_RUN = "patchpilot.commits.run."
_B4 = "patchpilot.outgoing.b4.b4_command."
_IN_A_LIST = (f"{_RUN}run", f"{_RUN}interactive", f"{_RUN}follow")
_AFTER_A_PLACE = (f"{_RUN}git", f"{_RUN}git_argv", f"{_RUN}stream_output", f"{_B4}run")
_ALL_WORDS = (f"{_B4}command",)
_HARMLESS = (
    "subprocess.PIPE",
    "multiprocessing.get_all_start_methods",
    "multiprocessing.parent_process",
)


def process_starts(source: Path = SOURCE) -> dict[str, tuple[str, ...]]:
    """Map the `module::function` of each process start to the expressions for arguments that may
    come from outside.

    For a start through Python's own functions (such as subprocess), or with a list created
    elsewhere, `*` stands for unknown words.
    """
    starts: dict[str, set[str]] = {}
    for file, tree in trees(root=source):
        module = file.relative_to(source).as_posix().removesuffix(".py")
        names = _imports(tree)
        for function, around, call in _calls(tree, "", tree):
            words = _Words(around).untrusted_words(call, _full_name(call.func, names))
            if words:
                starts.setdefault(f"{module}::{function}", set()).update(words)
    return {start: tuple(sorted(words)) for start, words in starts.items()}


Values = Mapping[str, ast.expr]


def _calls(
    node: ast.AST, function: str, around: ast.AST
) -> Iterator[tuple[str, ast.AST, ast.Call]]:
    """Yield (qualified name of the enclosing function, the function, call) for every call."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield function, around, child
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _calls(
                child, f"{function}.{child.name}" if function else child.name, child
            )
        else:
            yield from _calls(child, function, around)


def _assigned_once(function: ast.AST) -> Values:
    """Map names that a function assigns once, and does not modify, to their values."""
    values: dict[str, ast.expr] = {}
    stored: Counter[str] = Counter()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                values[target.id] = node.value
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stored[node.id] += 1
        elif (
            isinstance(node, ast.Attribute)
            and node.attr in _ADDING
            and isinstance(node.value, ast.Name)
        ):
            stored[node.value.id] += 1
        elif isinstance(node, ast.arg):
            stored[node.arg] += 1
    return {name: value for name, value in values.items() if stored[name] == 1}


def _imports(tree: ast.AST) -> dict[str, str]:
    """Map imported names to their full names."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {
                alias.asname or alias.name.partition(".")[0]: alias.name
                for alias in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            names |= {
                alias.asname or alias.name: f"{node.module}.{alias.name}"
                for alias in node.names
            }
    return names


def _full_name(node: ast.AST, names: dict[str, str]) -> str:
    """Return the full name of a called function, or `.name` for a method of an object that was
    not imported.
    """
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    return (
        f"{_full_name(node.value, names)}.{node.attr}"
        if isinstance(node, ast.Attribute)
        else ""
    )


def _starts(name: str) -> bool:
    """Return whether a name is one of Python's functions for starting a process."""
    if name in _HARMLESS:
        return False
    return (
        name.startswith((*_MODULES, *_NAMES, *_OS))
        or name.rpartition(".")[2] in _METHODS
    )


class _Words:
    """The words of calls in a function."""

    def __init__(self, function: ast.AST) -> None:
        self._function = function

    @cached_property
    def _values(self) -> Values:
        return _assigned_once(self._function)

    def untrusted_words(self, call: ast.Call, name: str) -> set[str]:
        """Return the words that may come from outside, or an empty set if the call starts no
        process.
        """
        if _starts(name):
            return {"*"}
        if name in _IN_A_LIST and call.args:
            return self._of_list(call.args[0])
        if name in _AFTER_A_PLACE:
            return self._strip_stars(call.args[1:])
        if name in _ALL_WORDS or (
            name.startswith(".") and name.rpartition(".")[2] in _GIT_METHODS
        ):
            return self._strip_stars(call.args)
        return set()

    def _of_list(self, argv: ast.expr) -> set[str]:
        """Return an argv's words that may come from outside, or `*` if it is not a list here."""
        if isinstance(argv, ast.Name) and argv.id in self._values:
            argv = self._values[argv.id]
        if isinstance(argv, ast.List):
            return self._strip_stars(argv.elts)
        is_argv_call = isinstance(argv, ast.Call) and getattr(argv.func, "id", "") in (
            "command",
            "git_argv",
        )
        return set() if is_argv_call else {"*"}

    def _strip_stars(self, words: Sequence[ast.expr]) -> set[str]:
        result = set[str]()
        before: object = None
        for word in words:
            value = word.value if isinstance(word, ast.Constant) else None
            if value in ENDS:
                break
            if before not in TAKE_A_VALUE and not self._is_ours(word):
                result.add(ast.unparse(word))
            before = value
        return result

    def _is_ours(self, word: ast.expr) -> bool:
        match word:
            case ast.Name(id=name) if name in self._values:
                return self._is_ours(self._values[name])
            case ast.Constant() | ast.Name(id=_):
                return isinstance(word, ast.Constant) or word.id.isupper()
            case ast.JoinedStr(values=[ast.Constant(), *_]):
                return True
            case ast.BinOp(left=left):
                return self._is_ours(left)
            case ast.IfExp(body=body, orelse=orelse):
                return self._is_ours(body) and self._is_ours(orelse)
            case ast.Starred(value=value):
                return self._all_ours(value)
        return False

    def _all_ours(self, words: ast.expr) -> bool:
        """Return whether all words in a list are constant; `--` may end it."""
        match words:
            case ast.Name(id=name) if name in self._values:
                return self._all_ours(self._values[name])
            case ast.Name(id=name):
                return name.isupper()
            case ast.List(elts=elts) | ast.Tuple(elts=elts):
                return not self._strip_stars(elts)
            case ast.IfExp(body=body, orelse=orelse):
                return self._all_ours(body) and self._all_ours(orelse)
            case (
                ast.GeneratorExp(elt=elt, generators=loops)
                | ast.ListComp(elt=elt, generators=loops)
            ):
                # [part for word in words for part in ("-e", word)]
                last = loops[-1].iter
                return self._is_ours(elt) or (
                    isinstance(last, ast.Tuple) and not self._strip_stars(last.elts)
                )
        return False
