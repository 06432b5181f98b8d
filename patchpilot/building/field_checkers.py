# SPDX-License-Identifier: GPL-2.0-or-later
"""Run existing checkers for devicetree bindings and documentation on a file of a commit."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from patchpilot.building.configuration import make_environment, sandbox
from patchpilot.building.diagnostics import Diagnostic, read_diagnostics
from patchpilot.building.tree_state import TreeState
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import Completed, run
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import GitError
from patchpilot.model.printable import printable

BINDINGS = "Documentation/devicetree/bindings/"
_ABI = "Documentation/ABI/"
_SECONDS = 60.0
_MOST_REFERENCES = 500
_MOST_BYTES = 1_000_000
_LONGEST = 160
# ignore Sphinx directives, roles and warnings
_OF_SPHINX = re.compile(
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
_AT = re.compile(
    r"(?P<path>[^\s:]+):(?:(?P<line>\d+):)?(?:(?P<column>\d+):)? (?P<text>.+)"
)
_ABI_AT = re.compile(r"Warning: file (?P<path>\S+)#(?P<line>\d+):\n\s+(?P<text>[^\n]+)")
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
"""Warnings that dt_binding_check turns off."""
_COMPATIBLE = re.compile(r"\bcompatible\s*=([^;]{0,1000});")
_INVALID = re.compile(r"board\.dtb: (?P<text>(?P<node>[^\s:]+)[^:]*: (?!.*\bb').*)")
"""A report from dt-validate, except on values whose type is in a binding that was not read."""
_PROPERTY = re.compile(r"(?:\): |')([\w,#-]+)[':]")
_LINK = re.compile(rb"[\w./-]{1,200}")
_KERNEL_DOC = ("tools/docs/kernel-doc", "scripts/kernel-doc")
_LIBRARIES = ("scripts/kernel-doc.py", "scripts/lib/", "tools/lib/python/")


class Place(NamedTuple):
    """A file in a commit, and an empty folder for checking it."""

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

    It has a kind, a description of what it finds, the paths that it handles, whether it is
    installed (and how to install it otherwise), and how it is run. A checker with `runs_tree`
    executes a script from the commit, or reads whatever its sources include.
    """

    kind: str
    name: str
    finds: str
    pattern: str
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
    _write_closure(location, [location.path])
    words = ["dt-doc-validate", "-n", "-u", BINDINGS, location.path]
    yield from _read("dtschema", location, _run(words, location))


def _devicetree(location: Place) -> Iterator[Diagnostic]:
    """Compile a board, or the examples in a binding, and validate it against its devices' bindings.

    Sources may include any file on the machine, as in a build.
    """
    path = re.sub(r"^arch/(\w+)/boot/dts/", r"\1/", location.path)
    texts = _write_closure(location, [path])
    name, lines = path, texts.get(path, "").split("\n")
    if is_binding := path.startswith(BINDINGS):
        name = "example.dts"
        texts[name] = _call(["dt-extract-example", path], location).text
        _write(location, name, texts[name].encode("utf-8", "replace"))
    # includes can blow up a small file
    words = ["prlimit", "--fsize=50000000", "gcc", "-E", "-oboard.i"]
    words += ["-nostdinc", "-I.", "-undef", "-D__DTS__", "-xassembler-with-cpp", name]
    _call(words, location)
    words = ["dtc", "-Idts", "-b0", "-Odtb", "-oboard.dtb", "board.i"]
    printed = _call(words, location).error_text
    if is_binding:
        rows = texts[name].split("\n")
        for one in read_diagnostics(printed.split("\n"), ""):
            if one.path == name and not _NOT_IN_EXAMPLES.search(one.text):
                line = _line_with(lines, rows[min(one.line, len(rows)) - 1].strip())
                yield _diagnostic("dtschema", location, line, one.text)
    else:
        lists = " ".join(_COMPATIBLE.findall("\n".join(texts.values())))
        names = sorted(set(re.findall(r'"(\w[\w,.+-]{,99})"', lists)))
        state = TreeState(location.repository, location.commit)
        # git grep fails without a pattern
        given = names[:500] or [path]
        users = state.grep(given, "-l", "-z", "-F", paths=(BINDINGS,))
        _write_closure(location, users)
    words = ["dt-validate", "-s", BINDINGS, "board.dtb"]
    for match in _INVALID.finditer(_run(words, location)):
        text = match["text"]
        start = _line_with(lines, f"{match['node']} {{")
        properties = [] if "required" in text else _PROPERTY.findall(text)
        at = (_line_with(lines, word, start) for word in properties)
        line = next(filter(None, at), start)
        yield _diagnostic("dtschema", location, line, text)


def _line_with(lines: list[str], text: str, start: int = 0) -> int:
    """Return the number of the first line that contains a text, within any examples.

    Return 0 if there is none.
    """
    start = start or (lines.index("examples:") if "examples:" in lines else 0)
    numbered = enumerate(lines[start:], start + 1)
    return next((number for number, line in numbered if text and text in line), 0)


def _write_closure(location: Place, names: Sequence[str]) -> dict[str, str]:
    """Write bindings, devicetree sources and all files that they refer to; return their texts.

    Sources and headers get the names by which sources include them, for example `arm/board.dtsi`
    and `dt-bindings/gpio/gpio.h`.
    """
    texts: dict[str, str] = {}
    left = [*names]
    while left and len(texts) < _MOST_REFERENCES:
        name = left.pop()
        top, _, rest = name.partition("/")
        paths = {"Documentation": name, "dt-bindings": f"include/{name}"}
        path = paths.get(top, f"arch/{top}/boot/dts/{rest}")
        data = _content(location, path)
        if name not in texts and data is not None:
            _write(location, name, data)
            texts[name] = data.decode("utf-8", "replace")
            left += _references(name, texts[name])
    return texts


def _references(name: str, text: str) -> Iterator[str]:
    for found in _REFERENCE.finditer(text):
        near = f"{name.rpartition('/')[0]}/{found['binding'] or found['near']}"
        schema = found["schema"] and f"{BINDINGS}{found['schema']}"
        yield os.path.normpath(schema or found["top"] or near.lstrip("/"))


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
    apart = (*document.parse_messages, *document.transform_messages)
    for message in dict.fromkeys((*apart, *document.findall(nodes.system_message))):
        text = message.astext().partition(") ")[2].split("\n")[0]
        is_warning = message["level"] >= utils.Reporter.WARNING_LEVEL
        if is_warning and not _OF_SPHINX.search(text):
            yield _diagnostic("docutils", location, message.get("line"), text)


def _kernel_doc(location: Place) -> Iterator[Diagnostic]:
    text = _run_script(location, _KERNEL_DOC, "-none", location.path)
    yield from _read("kernel-doc-script", location, text)


def _get_abi(location: Place) -> Iterator[Diagnostic]:
    text = _run_script(
        location, ("scripts/get_abi.pl",), "validate", "--dir", _ABI.rstrip("/")
    )
    for found in _ABI_AT.finditer(text):
        problem = found["text"].strip().removesuffix(". Line")
        yield _diagnostic("get-abi", location, found["line"], problem)


def _run_script(location: Place, scripts: tuple[str, ...], *words: str) -> str:
    """Run the first of these scripts that the commit contains on the file; return its output."""
    listed = location.repository.git(
        "ls-tree", "-r", "-z", "--name-only", "--full-tree", location.commit, "--", *scripts,
        *_LIBRARIES,
    )  # fmt: skip
    paths = listed.text.split("\0")[:-1]
    script = next((path for path in scripts if path in paths), None)
    if script is None:
        return ""
    for path in (*paths, location.path):
        _write(location, path, _content(location, path) or b"")
    first = (location.folder / script).read_bytes().partition(b"\n")[0]
    program = "python3" if b"python" in first else "perl"
    return _run([program, script, *words], location)


def _content(location: Place, path: str) -> bytes | None:
    """Return the content of a file in the commit, following a symbolic link."""
    data = location.repository.blob(location.commit, path)
    if data and _LINK.fullmatch(data):
        link = os.path.normpath(f"{path.rpartition('/')[0]}/{data.decode()}")
        if not link.startswith(".."):
            return location.repository.blob(location.commit, link) or data
    return data


def _run(words: list[str], location: Place, stdin: bytes | None = None) -> str:
    """Run a checker and return its output, including stderr."""
    done = _call(words, location, stdin)
    return f"{done.text}\n{done.err.decode('utf-8', 'replace')}"


def _call(words: list[str], location: Place, stdin: bytes | None = None) -> Completed:
    """Run a checker without network access."""
    return run(
        [*sandbox(), *words],
        env=make_environment(),
        cwd=location.folder,
        stdin=stdin,
        timeout=_SECONDS,
    )


def _read(kind: str, location: Place, text: str) -> Iterator[Diagnostic]:
    """Parse lines of the form `PATH:LINE:COLUMN: TEXT` about the file."""
    for line in text.replace(f"{location.folder}/", "").split("\n"):
        found = _AT.match(line)
        if found and found["path"] == location.path:
            text = re.sub(r"^(?:\[\w+\]|warning:|error:) ", "", found["text"])
            problem = _diagnostic(kind, location, found["line"], text)
            yield problem._replace(column=int(found["column"] or 0))


def _diagnostic(
    kind: str, location: Place, line: str | int | None, text: str
) -> Diagnostic:
    shown = printable(text)[:_LONGEST]
    return Diagnostic(kind, location.path, int(line or 0), 0, shown)


def _write(location: Place, path: str, data: bytes) -> None:
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
"""All checkers. Those from the tree are run only if the user allows building it."""
