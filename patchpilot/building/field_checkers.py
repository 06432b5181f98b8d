# SPDX-License-Identifier: GPL-2.0-or-later
"""Run external checkers for devicetree bindings and documentation on a file in a commit."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from patchpilot.building.diagnostics import Diagnostic, read_diagnostics
from patchpilot.building.tree_state import TreeState
from patchpilot.commits.confinement import Access, run_confined
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import Completed
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import GitError
from patchpilot.model.printable import make_printable

BINDINGS = "Documentation/devicetree/bindings/"
_ABI = "Documentation/ABI/"
_TIMEOUT = 60.0
_MAX_FILES = 500
_MAX_BYTES = 1_000_000
_MAX_LENGTH = 160
_UNREAD = "not checked "
_EXHAUSTED = re.compile(rb"^(?:RecursionError|MemoryError)\b", re.MULTILINE)
_LAST_EXIT_CODE = 125
"""The highest exit code that is not from a signal or a shell."""
# docutils does not know Sphinx's directives and roles
_SPHINX_ONLY = re.compile(
    r"Unknown (?:directive type|interpreted text role)|No (?:directive|role) entry for"
    r"|Error in \"(?:code-block|include|toctree|raw|csv-table)\" directive"
    r"|\"(?:include|raw|csv-table)\" directive disabled|Undefined substitution referenced"
)
# follow the style of the kernel's bindings: 110 columns and two-space indents, including for
# sequences
_YAMLLINT = """{extends: relaxed, rules: {
  line-length: {max: 110, allow-non-breakable-words: true, level: warning},
  braces: {max-spaces-inside: 1, max-spaces-inside-empty: 0},
  brackets: {max-spaces-inside: 1, max-spaces-inside-empty: 0},
  colons: {max-spaces-before: 0, max-spaces-after: 1}, commas: {max-spaces-after: 1},
  comments: {require-starting-space: false, min-spaces-from-content: 1},
  comments-indentation: disable, document-start: {present: true},
  empty-lines: {max: 3, max-end: 1}, hyphens: {max-spaces-after: 1},
  empty-values: {forbid-in-block-mappings: true, forbid-in-flow-mappings: true},
  indentation: {spaces: 2, indent-sequences: true, check-multi-line-strings: false},
  trailing-spaces: disable}}"""
_REPORT = re.compile(r"(?P<path>[^\s:]+):(?:(?P<line>\d+):)?(?:(?P<column>\d+):)? (?P<text>.+)")
_ABI_REPORT = re.compile(r"Warning: file (?P<path>\S+)#(?P<line>\d+):\n\s+(?P<text>[^\n]+)")
_REFERENCE = re.compile(
    r"\$ref:\s*[\"']?(?:/schemas/(?P<schema>[^\s\"'#]+)|(?P<binding>[^\s\"'#]+))"
    r"|^[ \t]*#[ \t]*include[ \t]*"
    r"(?:<(?P<top>(?!/)[\w.,+/-]+)>|\"(?P<near>(?!/)[\w.,+/-]+)\")",
    re.MULTILINE,
)
_NOT_IN_EXAMPLES = re.compile(
    r"\((?:avoid_unnecessary_addr_size|graph_child_address|interrupt_provider"
    r"|unique_unit_address)\)"
)
"""Warnings that dt_binding_check disables."""
_COMPATIBLE = re.compile(r"\bcompatible\s*=([^;]{0,1000});")
_INVALID = re.compile(r"board\.dtb: (?P<text>(?P<node>[^\s:]+)[^:]*: (?!.*\bb').*)")
"""A report by dt-validate, except about values whose type is declared in a binding that was not
read.
"""
_PROPERTY = re.compile(r"(?:\): |')([\w,#-]+)[':]")
_LINK = re.compile(rb"[\w./-]{1,200}")
_KERNEL_DOC = ("tools/docs/kernel-doc", "scripts/kernel-doc")
_LIBRARIES = ("scripts/kernel-doc.py", "scripts/lib/", "tools/lib/python/")


class CheckedFile(NamedTuple):
    """A file in a commit, and an empty directory in which to check it."""

    repository: Repository
    commit: str
    path: str
    folder: Path

    @property
    def data(self) -> bytes:
        """Return the content of the file."""
        return self.repository.blob(self.commit, self.path) or b""


class Checker(NamedTuple):
    """An external checker.

    `finds` describes the problems it finds, `pattern` matches the paths it checks, and `install`
    explains how to install it. `runs_tree` is True if it executes a script from the commit or reads
    any file that its sources include.
    """

    kind: str
    name: str
    finds: str
    pattern: str
    is_there: Callable[[], bool]
    install: str
    report: Callable[[CheckedFile], Iterator[Diagnostic]]
    runs_tree: bool = False


def reports(
    checker: Checker, repository: Repository, commit: str, path: str
) -> tuple[Diagnostic, ...]:
    """Return a checker's diagnostics for a file in a commit.

    A file that cannot be checked has one diagnostic with the reason (see `is_about_unread_file`).
    """
    data = repository.blob(commit, path)
    if data is None:
        return ()
    if len(data) > _MAX_BYTES:
        reason = f"it has {len(data):,} bytes, and the maximum is {_MAX_BYTES:,}"
        return _make_unread_diagnostic(checker, path, reason)
    with TemporaryFolder("checker") as folder:
        checked_file = CheckedFile(repository, commit, path, Path(folder))
        try:
            return tuple(checker.report(checked_file))
        except GitError as error:
            return _make_unread_diagnostic(checker, path, error.message)
        except RecursionError:
            return _make_unread_diagnostic(checker, path, "it is nested too deeply; remove levels")


def _make_unread_diagnostic(checker: Checker, path: str, reason: str) -> tuple[Diagnostic, ...]:
    text = f"{_UNREAD}by {checker.name}: {make_printable(reason)}"
    return (Diagnostic(checker.kind, path, 0, 0, text[:_MAX_LENGTH]),)


def is_about_unread_file(diagnostic: Diagnostic) -> bool:
    """Return whether a diagnostic is the reason why a file was not checked."""
    return diagnostic.text.startswith(_UNREAD)


def _run_yamllint(location: CheckedFile) -> Iterator[Diagnostic]:
    argv = ["yamllint", "-f", "parsable", "-d", _YAMLLINT, "-"]
    output = _run(argv, location, stdin=location.data)
    yield from _parse_reports("yamllint", location, output.replace("stdin:", f"{location.path}:"))


def _dtschema(location: CheckedFile) -> Iterator[Diagnostic]:
    _write_closure(location, [location.path])
    argv = ["dt-doc-validate", "-n", "-u", BINDINGS, location.path]
    yield from _parse_reports("dtschema", location, _run(argv, location))


def _devicetree(location: CheckedFile) -> Iterator[Diagnostic]:
    """Compile a board's devicetree or the examples in a binding, and validate it against the
    bindings.

    Sources may include any file, but only the files of the call exist then.
    """
    path = re.sub(r"^arch/(\w+)/boot/dts/", r"\1/", location.path)
    contents = _write_closure(location, [path])
    name, lines = path, contents.get(path, "").split("\n")
    if is_binding := path.startswith(BINDINGS):
        name = "example.dts"
        contents[name] = _run_isolated(["dt-extract-example", path], location).text
        _write(location, name, contents[name].encode("utf-8", "replace"))
    # limit the output: includes can expand a small file without limit
    argv = ["prlimit", "--fsize=50000000", "gcc", "-E", "-oboard.i"]
    argv += ["-nostdinc", "-I.", "-undef", "-D__DTS__", "-xassembler-with-cpp", name]
    _run_isolated(argv, location)
    argv = ["dtc", "-Idts", "-b0", "-Odtb", "-oboard.dtb", "board.i"]
    errors = _run_isolated(argv, location).error_text
    if is_binding:
        example_lines = contents[name].split("\n")
        for diagnostic in read_diagnostics(errors.split("\n"), ""):
            if diagnostic.path == name and not _NOT_IN_EXAMPLES.search(diagnostic.text):
                line = _find_line(
                    lines,
                    example_lines[min(diagnostic.line, len(example_lines)) - 1].strip(),
                )
                yield _diagnostic("dtschema", location, line, diagnostic.text)
    else:
        values = " ".join(_COMPATIBLE.findall("\n".join(contents.values())))
        compatibles = sorted(set(re.findall(r'"(\w[\w,.+-]{,99})"', values)))
        state = TreeState(location.repository, location.commit)
        # git grep needs at least one pattern
        search_terms = compatibles[:500] or [path]
        binding_paths = state.grep(search_terms, "-l", "-z", "-F", paths=(BINDINGS,))
        _write_closure(location, binding_paths)
    argv = ["dt-validate", "-s", BINDINGS, "board.dtb"]
    for match in _INVALID.finditer(_run(argv, location)):
        message = match["text"]
        start = _find_line(lines, f"{match['node']} {{")
        properties = [] if "required" in message else _PROPERTY.findall(message)
        property_lines = (_find_line(lines, property_name, start) for property_name in properties)
        line = next(filter(None, property_lines), start)
        yield _diagnostic("dtschema", location, line, message)


def _find_line(lines: list[str], text: str, start: int = 0) -> int:
    """Return the number of the first line that contains a text, or 0 if there is none.

    If there are examples, search only those.
    """
    start = start or (lines.index("examples:") if "examples:" in lines else 0)
    numbered = enumerate(lines[start:], start + 1)
    return next((number for number, line in numbered if text and text in line), 0)


def _write_closure(location: CheckedFile, names: Sequence[str]) -> dict[str, str]:
    """Write bindings, devicetree sources and all files they refer to, and return their contents.

    Sources and headers are written to the paths by which they are included, such as
    `arm/board.dtsi` and `dt-bindings/gpio/gpio.h`.
    """
    contents: dict[str, str] = {}
    pending = [*names]
    while pending and len(contents) < _MAX_FILES:
        name = pending.pop()
        first_folder, _, subpath = name.partition("/")
        paths = {"Documentation": name, "dt-bindings": f"include/{name}"}
        path = paths.get(first_folder, f"arch/{first_folder}/boot/dts/{subpath}")
        data = _read_file(location, path)
        if name not in contents and data is not None:
            _write(location, name, data)
            contents[name] = data.decode("utf-8", "replace")
            pending += _references(name, contents[name])
    if pending:
        raise GitError(f"it refers to more than {_MAX_FILES} files")
    return contents


def _references(name: str, content: str) -> Iterator[str]:
    for match in _REFERENCE.finditer(content):
        relative = f"{name.rpartition('/')[0]}/{match['binding'] or match['near']}"
        schema = match["schema"] and f"{BINDINGS}{match['schema']}"
        yield os.path.normpath(schema or match["top"] or relative.lstrip("/"))


def _docutils(location: CheckedFile) -> Iterator[Diagnostic]:
    """Yield docutils' reports. Included files and directives are disabled."""
    from docutils import core, nodes, utils  # type: ignore[import-untyped]

    settings = {
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "_disable_config": True,
        "report_level": utils.Reporter.SEVERE_LEVEL + 1,
        "halt_level": utils.Reporter.SEVERE_LEVEL + 1,
        "warning_stream": False,
        "input_encoding": "utf-8",
        "input_encoding_error_handler": "replace",
    }
    document = core.publish_doctree(
        location.data, source_path=location.path, settings_overrides=settings
    )
    separate_messages = (*document.parse_messages, *document.transform_messages)
    for message in dict.fromkeys((*separate_messages, *document.findall(nodes.system_message))):
        message_text = message.astext().partition(") ")[2].split("\n")[0]
        is_warning = message["level"] >= utils.Reporter.WARNING_LEVEL
        if is_warning and not _SPHINX_ONLY.search(message_text):
            yield _diagnostic("docutils", location, message.get("line"), message_text)


def _kernel_doc(location: CheckedFile) -> Iterator[Diagnostic]:
    output = _run_script(location, _KERNEL_DOC, "-none", location.path)
    yield from _parse_reports("kernel-doc-script", location, output)


def _get_abi(location: CheckedFile) -> Iterator[Diagnostic]:
    output = _run_script(location, ("scripts/get_abi.pl",), "validate", "--dir", _ABI.rstrip("/"))
    for match in _ABI_REPORT.finditer(output):
        problem = match["text"].strip().removesuffix(". Line")
        yield _diagnostic("get-abi", location, match["line"], problem)


def _run_script(location: CheckedFile, scripts: tuple[str, ...], *arguments: str) -> str:
    """Run the first of these scripts that exists in the commit, and return its output."""
    listing = location.repository.git(
        "ls-tree", "-r", "-z", "--name-only", "--full-tree", location.commit, "--", *scripts,
        *_LIBRARIES,
    )  # fmt: skip
    paths = listing.text.split("\0")[:-1]
    script = next((path for path in scripts if path in paths), None)
    if script is None:
        return ""
    for path in (*paths, location.path):
        _write(location, path, _read_file(location, path) or b"")
    first_line = (location.folder / script).read_bytes().partition(b"\n")[0]
    program = "python3" if b"python" in first_line else "perl"
    return _run([program, script, *arguments], location)


def _read_file(location: CheckedFile, path: str) -> bytes | None:
    """Return the content of a file in the commit, following a symbolic link."""
    data = location.repository.blob(location.commit, path)
    if data and _LINK.fullmatch(data):
        link = os.path.normpath(f"{path.rpartition('/')[0]}/{data.decode()}")
        if not link.startswith(".."):
            return location.repository.blob(location.commit, link) or data
    return data


def _run(argv: list[str], location: CheckedFile, stdin: bytes | None = None) -> str:
    outcome = _run_isolated(argv, location, stdin)
    return f"{outcome.text}\n{outcome.err.decode('utf-8', 'replace')}"


def _run_isolated(argv: list[str], location: CheckedFile, stdin: bytes | None = None) -> Completed:
    """Run a checker. Raise `GitError` if it ended before it had read everything."""
    access = Access(writes=(location.folder,))
    outcome = run_confined(argv, access, cwd=location.folder, stdin=stdin, timeout=_TIMEOUT)
    if _EXHAUSTED.search(outcome.err):
        raise GitError(f"it is nested too deeply or too large for {argv[0]}")
    if not 0 <= outcome.code <= _LAST_EXIT_CODE:
        raise GitError(f"{argv[0]} ended with exit code {outcome.code}")
    return outcome


def _parse_reports(kind: str, location: CheckedFile, output: str) -> Iterator[Diagnostic]:
    """Return a checker's reports about the file.

    These are lines of the form `PATH:LINE:COLUMN: TEXT`.
    """
    for line in output.replace(f"{location.folder}/", "").split("\n"):
        match = _REPORT.match(line)
        if match and match["path"] == location.path:
            output = re.sub(r"^(?:\[\w+\]|warning:|error:) ", "", match["text"])
            problem = _diagnostic(kind, location, match["line"], output)
            yield problem._replace(column=int(match["column"] or 0))


def _diagnostic(kind: str, location: CheckedFile, line: str | int | None, text: str) -> Diagnostic:
    message = make_printable(text)[:_MAX_LENGTH]
    return Diagnostic(kind, location.path, int(line or 0), 0, message)


def _write(location: CheckedFile, path: str, data: bytes) -> None:
    file = location.folder / path
    if ".." not in Path(path).parts:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _is_installed(*programs: str) -> Callable[[], bool]:
    return lambda: all(map(shutil.which, programs))


_YAML = rf"{BINDINGS}.*\.yaml"
CHECKERS = (
    Checker(
        "dtschema",
        "dtschema",
        "errors in bindings",
        _YAML,
        _is_installed("dt-doc-validate"),
        "pipx install dtschema",
        _dtschema,
    ),
    Checker(
        "dtschema",
        "dtc",
        "errors in the examples of bindings and in boards",
        rf"{_YAML}|arch/\w+/boot/dts/.*\.dts",
        _is_installed("dt-extract-example", "dt-validate", "dtc", "gcc", "prlimit"),
        "apt install device-tree-compiler gcc; pipx install dtschema",
        _devicetree,
        runs_tree=True,
    ),
    Checker(
        "yamllint",
        "yamllint",
        "the style of bindings",
        _YAML,
        _is_installed("yamllint"),
        "pipx install yamllint",
        _run_yamllint,
    ),
    Checker(
        "docutils",
        "docutils",
        "errors in .rst files",
        r"Documentation/.*\.rst",
        lambda: find_spec("docutils") is not None,
        "",
        _docutils,
    ),
    Checker(
        "kernel-doc-script",
        "scripts/kernel-doc",
        "errors in kernel-doc comments",
        r"(?!-|Documentation/|tools/).*\.[ch]",
        _is_installed("perl"),
        "",
        _kernel_doc,
        runs_tree=True,
    ),
    Checker(
        "get-abi",
        "scripts/get_abi.pl",
        "errors in ABI descriptions",
        rf"{_ABI}(?:stable|testing|obsolete|removed)/.*",
        _is_installed("perl"),
        "",
        _get_abi,
        runs_tree=True,
    ),
)
"""All checkers. Those that run the tree's programs are run only if the user allows building it."""
