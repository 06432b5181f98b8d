# SPDX-License-Identifier: GPL-2.0-or-later
"""Run existing checkers of devicetree bindings and documentation on a file of a commit."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from patchpilot.building.configuration import make_environment, sandbox
from patchpilot.building.diagnostics import Diagnostic
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import run
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import GitError
from patchpilot.model.printable import printable

BINDINGS = "Documentation/devicetree/bindings/"
_ABI = "Documentation/ABI/"
_SECONDS = 60.0
_MOST_REFERENCES = 100
_MOST_BYTES = 1_000_000
_LONGEST = 160
# ignore Sphinx directives, roles and warnings
_OF_SPHINX = re.compile(
    r"Unknown (?:directive type|interpreted text role)|No (?:directive|role) entry for"
    r"|Error in \"(?:code-block|include|toctree|raw|csv-table)\" directive"
    r"|\"(?:include|raw|csv-table)\" directive disabled|Undefined substitution referenced"
)
# use the style of the kernel's bindings: 110 columns, two spaces of indentation, also for sequences
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
_AT = re.compile(
    r"(?P<path>[^\s:]+):(?:(?P<line>\d+):)?(?:(?P<column>\d+):)? (?P<text>.+)"
)
_ABI_AT = re.compile(r"Warning: file (?P<path>\S+)#(?P<line>\d+):\n\s+(?P<text>[^\n]+)")
_REFERENCE = re.compile(r"\$ref:\s*[\"']?(?P<path>[^\s\"'#]+)")
_KERNEL_DOC = ("tools/docs/kernel-doc", "scripts/kernel-doc")
_LIBRARIES = ("scripts/kernel-doc.py", "scripts/lib/", "tools/lib/python/")
_GET_ABI = ("scripts/get_abi.pl",)


class Place(NamedTuple):
    """A file of a commit, and an empty folder in which to check it."""

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

    Contains its kind, the paths it handles, whether it is installed (and otherwise how to install
    it), and how it is run. A checker with `runs_tree` executes a script from the commit.
    """

    kind: str
    name: str
    pattern: re.Pattern[str]
    is_there: Callable[[], bool]
    install: str
    report: Callable[[Place], Iterator[Diagnostic]]
    runs_tree: bool = False


def reports(
    checker: Checker, repository: Repository, commit: str, path: str
) -> tuple[Diagnostic, ...]:
    """Return a checker's diagnostics for a file of a commit.

    Return none if the file is too large or the checker takes too long.
    """
    data = repository.blob(commit, path)
    if data is None or len(data) > _MOST_BYTES:
        return ()
    with TemporaryFolder("checker") as folder:
        place = Place(repository, commit, path, Path(folder))
        try:
            return tuple(checker.report(place))
        except GitError:
            return ()


def _run_yamllint(location: Place) -> Iterator[Diagnostic]:
    words = ["yamllint", "-f", "parsable", "-d", _YAMLLINT, "-"]
    text = _run(words, location, stdin=location.data)
    yield from _read("yamllint", location, text.replace("stdin:", f"{location.path}:"))


def _dtschema(location: Place) -> Iterator[Diagnostic]:
    for path in _add_references(location):
        _write(location, path, location.repository.blob(location.commit, path) or b"")
    bindings = location.folder / BINDINGS
    file = location.folder / location.path
    words = ["dt-doc-validate", "-n", "-u", str(bindings), str(file)]
    yield from _read("dtschema", location, _run(words, location))


def _add_references(location: Place) -> tuple[str, ...]:
    """Return the binding, and the bindings in its tree that it references."""
    found = {location.path: location.data}
    open_ = [location.path]
    while open_ and len(found) < _MOST_REFERENCES:
        path = open_.pop()
        for named in _REFERENCE.findall(found[path].decode("utf-8", "replace")):
            other = _find_references(path, named)
            data = location.repository.blob(location.commit, other)
            if data is not None and other not in found and other.startswith(BINDINGS):
                found[other] = data
                open_.append(other)
    return tuple(found)


def _find_references(path: str, named: str) -> str:
    if named.startswith("/schemas/"):
        return os.path.normpath(BINDINGS + named.removeprefix("/schemas/"))
    return os.path.normpath(f"{path.rpartition('/')[0]}/{named}")


def _docutils(location: Place) -> Iterator[Diagnostic]:
    """Yield docutils' reports, without including files or running anything from the document."""
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
    found: dict[Diagnostic, None] = {}
    apart = (*document.parse_messages, *document.transform_messages)
    for message in (*apart, *document.findall(nodes.system_message)):
        text = printable(message.astext().partition(") ")[2].split("\n")[0])
        is_warning = message["level"] >= utils.Reporter.WARNING_LEVEL
        if is_warning and not _OF_SPHINX.search(text):
            line = message.get("line") or 0
            found[Diagnostic("docutils", location.path, line, 0, text)] = None
    yield from found


def _kernel_doc(location: Place) -> Iterator[Diagnostic]:
    text = _run_script(location, _KERNEL_DOC, "-none", location.path)
    yield from _read("kernel-doc-script", location, text)


def _get_abi(location: Place) -> Iterator[Diagnostic]:
    text = _run_script(location, _GET_ABI, "validate", "--dir", _ABI.rstrip("/"))
    for found in _ABI_AT.finditer(text):
        line, said = int(found["line"]), printable(found["text"].strip())
        said = said.removesuffix(". Line")
        yield Diagnostic("get-abi", location.path, line, 0, said)


def _run_script(location: Place, scripts: tuple[str, ...], *words: str) -> str:
    """Run the first of these scripts that the commit has on the file, and return its output."""
    done = location.repository.git(
        "ls-tree",
        "-r",
        "-z",
        "--full-tree",
        location.commit,
        "--",
        *scripts,
        *_LIBRARIES,
    )
    entries = [entry.partition("\t") for entry in done.text.split("\0") if entry]
    paths = {path: head.split()[0] for head, _, path in entries}
    script = next((path for path in scripts if path in paths), None)
    if script is None:
        return ""
    for path, mode in paths.items():
        data = location.repository.blob(location.commit, path) or b""
        if mode == "120000":
            # kernel-doc is a symbolic link to the script next to it
            link = os.path.normpath(f"{path.rpartition('/')[0]}/{data.decode()}")
            data = location.repository.blob(location.commit, link) or b""
        _write(location, path, data)
    _write(location, location.path, location.data)
    first = (location.folder / script).read_bytes().partition(b"\n")[0]
    program = "python3" if b"python" in first else "perl"
    return _run([program, script, *words], location)


def _run(words: list[str], location: Place, stdin: bytes | None = None) -> str:
    """Run a checker without network access, and return its output."""
    done = run(
        [*sandbox(), *words],
        env=make_environment(),
        cwd=location.folder,
        stdin=stdin,
        timeout=_SECONDS,
    )
    return f"{done.text}\n{done.err.decode('utf-8', 'replace')}"


def _read(kind: str, location: Place, text: str) -> Iterator[Diagnostic]:
    """Parse lines of the form `PATH:LINE:COLUMN: TEXT` about the file."""
    for line in text.replace(f"{location.folder}/", "").split("\n"):
        found = _AT.match(line)
        if found and found["path"] == location.path:
            said = re.sub(r"^(?:\[\w+\]|warning:|error:) ", "", found["text"])
            number, column = int(found["line"] or 0), int(found["column"] or 0)
            yield Diagnostic(
                kind, location.path, number, column, printable(said)[:_LONGEST]
            )


def _write(location: Place, path: str, data: bytes) -> None:
    file = location.folder / path
    if ".." not in Path(path).parts:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _has_docutils() -> bool:
    from importlib.util import find_spec

    return find_spec("docutils") is not None


def _is_installed(program: str) -> Callable[[], bool]:
    return lambda: shutil.which(program) is not None


_YAML = re.compile(rf"{BINDINGS}.*\.yaml")
CHECKERS = (
    Checker(
        "dtschema",
        "dtschema",
        _YAML,
        _is_installed("dt-doc-validate"),
        "pipx install dtschema",
        _dtschema,
    ),
    Checker(
        "yamllint",
        "yamllint",
        _YAML,
        _is_installed("yamllint"),
        "pipx install yamllint",
        _run_yamllint,
    ),
    Checker(
        "docutils",
        "docutils",
        re.compile(r"Documentation/.*\.rst"),
        _has_docutils,
        "",
        _docutils,
    ),
    Checker(
        "kernel-doc-script",
        "scripts/kernel-doc",
        re.compile(r"(?!-|Documentation/|tools/).*\.[ch]"),
        _is_installed("perl"),
        "",
        _kernel_doc,
        runs_tree=True,
    ),
    Checker(
        "get-abi",
        "scripts/get_abi.pl",
        re.compile(rf"{_ABI}(?:stable|testing|obsolete|removed)/.*"),
        _is_installed("perl"),
        "",
        _get_abi,
        runs_tree=True,
    ),
)
"""Every checker. Those of the tree are run only where the user allows to build it."""
