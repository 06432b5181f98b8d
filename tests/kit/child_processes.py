# SPDX-License-Identifier: GPL-2.0-or-later
"""Find every place where patchpilot starts a process, and the arguments that may be untrusted.

Constants, literals and strings that begin with a literal (`f"--since={when}"`) are trusted.
Arguments after `--` or `--end-of-options` and values of options (`-e PATTERN`) are also trusted,
because programs do not parse them as options. A variable that is assigned once is replaced by its
value.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from tests.kit.source import SOURCE, trees

ENDS = ("--", "--end-of-options")
OPTIONS_WITH_VALUE = ("-C", "-F", "-L", "-c", "-e", "-m", "-o", "--object-dir")
_MODIFYING_METHODS = ("append", "extend", "insert")
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
_ARGV_FUNCTIONS = (
    "patchpilot.commits.run.run",
    "patchpilot.commits.run.run_on_terminal",
    "patchpilot.commits.run.run_with_line_callback",
    "patchpilot.commits.confinement.run_confined",
    "patchpilot.commits.confinement.stream_confined",
)
_AFTER_REPOSITORY = (
    "patchpilot.commits.git_command.git",
    "patchpilot.commits.pinned_git.make_git_argv",
    "patchpilot.commits.pinned_git.run_git",
    "patchpilot.commits.git_command.stream_output",
    "patchpilot.outgoing.b4.b4_command.run_b4",
)
_ALL_ARGUMENTS = ("patchpilot.outgoing.b4.b4_command.make_b4_argv",)
_HARMLESS = (
    "subprocess.PIPE",
    "multiprocessing.get_all_start_methods",
    "multiprocessing.parent_process",
)


def find_process_starts(source: Path = SOURCE) -> dict[str, tuple[str, ...]]:
    """Map the `module::function` of each process start to its untrusted arguments.

    `*` stands for unknown arguments. They are unknown if the function calls Python's own functions
    (such as subprocess), or if it receives the list from elsewhere.
    """
    untrusted_by_start: dict[str, set[str]] = {}
    for file, tree in trees(root=source):
        module = file.relative_to(source).as_posix().removesuffix(".py")
        names = _find_imported_names(tree)
        for function, enclosing_function, call in _find_calls(tree, "", tree):
            arguments = _Arguments(enclosing_function).untrusted_arguments(
                call, _resolve_function_name(call.func, names)
            )
            if arguments:
                untrusted_by_start.setdefault(f"{module}::{function}", set()).update(arguments)
    return {start: tuple(sorted(arguments)) for start, arguments in untrusted_by_start.items()}


Values = Mapping[str, ast.expr]


def _find_calls(
    node: ast.AST, function: str, enclosing_function: ast.AST
) -> Iterator[tuple[str, ast.AST, ast.Call]]:
    """Yield every call as (qualified name of the enclosing function, the function's node, the
    call).
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield function, enclosing_function, child
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _find_calls(
                child, f"{function}.{child.name}" if function else child.name, child
            )
        else:
            yield from _find_calls(child, function, enclosing_function)


def _find_constant_values(function: ast.AST) -> Values:
    """Map the names that a function assigns once and does not modify to their values."""
    values: dict[str, ast.expr] = {}
    store_counts: Counter[str] = Counter()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                values[target.id] = node.value
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            store_counts[node.id] += 1
        elif (
            isinstance(node, ast.Attribute)
            and node.attr in _MODIFYING_METHODS
            and isinstance(node.value, ast.Name)
        ):
            store_counts[node.value.id] += 1
        elif isinstance(node, ast.arg):
            store_counts[node.arg] += 1
    return {name: value for name, value in values.items() if store_counts[name] == 1}


def _find_imported_names(tree: ast.AST) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {
                alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            names |= {
                alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
            }
    return names


def _resolve_function_name(node: ast.AST, names: dict[str, str]) -> str:
    """Return the full name of a called function. For a method of a local object, return `.name`."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    return (
        f"{_resolve_function_name(node.value, names)}.{node.attr}"
        if isinstance(node, ast.Attribute)
        else ""
    )


def _starts_process(name: str) -> bool:
    if name in _HARMLESS:
        return False
    return name.startswith((*_MODULES, *_NAMES, *_OS)) or name.rpartition(".")[2] in _METHODS


class _Arguments:
    def __init__(self, function: ast.AST) -> None:
        self._function = function

    @cached_property
    def _values(self) -> Values:
        return _find_constant_values(self._function)

    def untrusted_arguments(self, call: ast.Call, name: str) -> set[str]:
        """Return a call's untrusted arguments, or an empty set if it starts no process."""
        if _starts_process(name):
            return {"*"}
        if name in _ARGV_FUNCTIONS and call.args:
            return self._untrusted_in_argv(call.args[0])
        if name in _AFTER_REPOSITORY:
            return self._untrusted_in_list(call.args[1:])
        if name in _ALL_ARGUMENTS or (
            name.startswith(".") and name.rpartition(".")[2] in _GIT_METHODS
        ):
            return self._untrusted_in_list(call.args)
        return set()

    def _untrusted_in_argv(self, argv: ast.expr) -> set[str]:
        """Return the untrusted arguments in a list, or `*` if the list is unknown."""
        if isinstance(argv, ast.Name) and argv.id in self._values:
            argv = self._values[argv.id]
        if isinstance(argv, ast.List):
            return self._untrusted_in_list(argv.elts)
        is_argv_call = isinstance(argv, ast.Call) and getattr(argv.func, "id", "") in (
            "make_b4_argv",
            "make_git_argv",
        )
        return set() if is_argv_call else {"*"}

    def _untrusted_in_list(self, arguments: Sequence[ast.expr]) -> set[str]:
        result = set[str]()
        previous_argument: object = None
        for argument in arguments:
            value = argument.value if isinstance(argument, ast.Constant) else None
            if value in ENDS:
                break
            if previous_argument not in OPTIONS_WITH_VALUE and not self._is_trusted(argument):
                result.add(ast.unparse(argument))
            previous_argument = value
        return result

    def _is_trusted(self, argument: ast.expr) -> bool:
        match argument:
            case ast.Name(id=name) if name in self._values:
                return self._is_trusted(self._values[name])
            case ast.Constant() | ast.Name(id=_):
                return isinstance(argument, ast.Constant) or argument.id.isupper()
            case ast.JoinedStr(values=[ast.Constant(), *_]):
                return True
            case ast.BinOp(left=left):
                return self._is_trusted(left)
            case ast.IfExp(body=body, orelse=orelse):
                return self._is_trusted(body) and self._is_trusted(orelse)
            case ast.Starred(value=value):
                return self._are_all_trusted(value)
        return False

    def _are_all_trusted(self, arguments: ast.expr) -> bool:
        """Return whether all arguments in a list are trusted. If the list contains `--`, the
        arguments after it are.
        """
        match arguments:
            case ast.Name(id=name) if name in self._values:
                return self._are_all_trusted(self._values[name])
            case ast.Name(id=name):
                return name.isupper()
            case ast.List(elts=elts) | ast.Tuple(elts=elts):
                return not self._untrusted_in_list(elts)
            case ast.IfExp(body=body, orelse=orelse):
                return self._are_all_trusted(body) and self._are_all_trusted(orelse)
            case (
                ast.GeneratorExp(elt=elt, generators=generators)
                | ast.ListComp(elt=elt, generators=generators)
            ):
                # for example, [part for word in words for part in ("-e", word)]
                last_iterable = generators[-1].iter
                return self._is_trusted(elt) or (
                    isinstance(last_iterable, ast.Tuple)
                    and not self._untrusted_in_list(last_iterable.elts)
                )
        return False
