# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for devicetree bindings: their form, and undocumented compatible strings."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from patchpilot.lint.c.line_scan import ScannedLine, scan
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.devicetree_bindings import bindings_of
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context
from patchpilot.model.file_diff import FileChange
from patchpilot.model.fix_claim import BINDINGS
from patchpilot.model.patch import Patch

_DTS_COMPATIBLE = lazy(r'^\+\s*compatible\s*=\s*"')
_C_COMPATIBLE = lazy(r'^\+.*\.compatible\s*=\s*"')
_QUOTED = lazy(r'"([a-zA-Z0-9\-,.+_]+)"')
_VENDOR = lazy(r"^([a-zA-Z0-9\-]+),")


@detector(
    "undocumented-compatible",
)
def undocumented_compatible(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report added compatible strings that no binding documents, and unknown vendor prefixes."""
    if context.tree is None:
        return
    for line in scan(context).lines:
        if (
            line.left
            and line.sign == "+"
            and not line.starts_file
            and "compatible" in line.text
            and _is_compatible(line)
        ):
            yield from _report_undocumented(context, line)


def _is_compatible(line: ScannedLine) -> bool:
    if line.suffix in ("dts", "dtsi"):
        return _DTS_COMPATIBLE.match(line.text) is not None
    return line.suffix in ("c", "h") and _C_COMPATIBLE.match(line.text) is not None


def _report_undocumented(context: Context, line: ScannedLine) -> Iterator[Hit]:
    assert context.tree is not None
    bindings = bindings_of(context.tree)
    if not bindings.is_there and not context.options.checkpatch_compat:
        return
    compat = context.options.checkpatch_compat
    added = "" if compat else context.series_fact("bindings", _bindings_added)
    for compatible in _QUOTED.findall(line.raw):
        if compatible not in added and not bindings.documents(compatible):
            yield make_hit(line.number, compatible=compatible)
        vendor = _VENDOR.match(compatible)
        if vendor and not (
            f'"^{vendor[1]},' in added or bindings.knows_vendor(vendor[1])
        ):
            yield make_hit(line.number, "vendor", vendor=vendor[1])


def _bindings_added(patches: Sequence[Patch]) -> str:
    """Return the bindings added in the series."""
    return "\n".join(
        line.text
        for patch in patches
        for change in patch.files
        if change.path.startswith(BINDINGS)
        for line in change.lines("+")
    )


@detector("binding-example-indent")
def binding_example_indent(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a binding example that is indented with tabs, or not by two or four spaces."""
    hits = (
        hit
        for change in context.patch.files
        if _is_binding(change.new_path or "")
        for hit in _wrong_indent(change)
    )
    yield from islice(hits, 1)


def _is_binding(path: str) -> bool:
    return path.endswith(".yaml") and "bindings/" in path


def _wrong_indent(change: FileChange) -> Iterator[Hit]:
    """Report the first added line of a binding's example with wrong indentation."""
    inside = False
    base: int | None = None
    depth = 0
    whole = True
    for line in (
        line for hunk in change.hunks for line in hunk.lines if line.kind != "-"
    ):
        text = line.text
        if re.match(r"^examples:", text):
            inside, base, depth, whole = True, None, 0, True
            continue
        if not inside:
            continue
        if re.match(r"^  - \|", text) or not text.strip():
            base = None if re.match(r"^  - \|", text) else base
            depth = 0 if base is None else depth
            whole = True if base is None else whole
            continue
        if text[:1] not in (" ", ""):
            inside = False
            continue
        stripped = text.strip()
        indent = len(text) - len(text.lstrip())
        if base is None:
            if stripped.startswith("#include"):
                continue
            base = indent
        level = depth - (1 if stripped.startswith("}") else 0)
        begins, whole = (
            whole,
            stripped.endswith((";", "{", "}", "*/", ">;"))
            or stripped.startswith(("#", "//")),
        )
        wrong = (
            begins
            and level > 0
            and (indent - base) not in (4 * level, 2 * level)
            and not re.match(r'^["<]|^/?\*', stripped)
        )
        depth += stripped.count("{") - stripped.count("}")
        if line.kind == "+" and wrong:
            yield Hit(line.patch_line)
            return


@detector(
    "schema-id",
)
def schema_id(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a schema whose $id does not match its path below bindings/."""
    for change in context.patch.files:
        path = change.new_path or ""
        if not _is_binding(path):
            continue
        expected = path.partition("bindings/")[2]
        for line in change.lines():
            if not line.text.startswith("$id:"):
                continue
            found = line.text.partition(":")[2].strip(" \"'").rstrip("#")
            name = found.rpartition("devicetree.org/schemas/")[2]
            if name != expected:
                yield make_hit(line.patch_line, id=name, file=expected)
