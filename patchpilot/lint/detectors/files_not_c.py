# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect problems in files other than C: devicetree bindings, documents, Kconfig, Makefiles and
Rust.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.lint.c.line_scan import LineScan, ScannedLine, scan_patch
from patchpilot.lint.detector import (
    Hit,
    Hits,
    TypedHits,
    detector,
    make_hit,
    typed_detector,
)
from patchpilot.lint.lint_context import Context
from patchpilot.lint.pack_patterns import compile_lazily
from patchpilot.model.commit_references import BINDINGS
from patchpilot.model.patch import DiffLine, Hunk, Patch
from patchpilot.model.printable import width
from patchpilot.model.source_tree import Tree, changed_files_below, unpatched_tree

FOLDER = "Documentation/devicetree/bindings"
_PART = lazy_pattern(r",[a-zA-Z0-9]*-")
_NUMBERED = lazy_pattern(r",([a-z]*)[0-9]*-")


class Bindings:
    """The devicetree bindings of a tree, and the vendors listed in vendor-prefixes.yaml."""

    def __init__(self, text: bytes, vendors: bytes, base: "Bindings | None" = None) -> None:
        self._text = text
        self._vendors = vendors
        self._below = base
        self._known: dict[str, bool] = {}

    @property
    def is_there(self) -> bool:
        """Return whether any bindings are known. Some projects keep them elsewhere."""
        return bool(self._text or self._vendors) or (
            self._below is not None and self._below.is_there
        )

    def documents_compatible(self, compatible: str) -> bool:
        """Return whether a binding documents a compatible string.

        The binding may contain `<.*>` instead of the part before the first hyphen, or instead of
        the number in that part.
        """
        is_known = self._known.get(compatible)
        if is_known is None:
            forms = {
                compatible,
                _PART.sub(",<.*>-", compatible, count=1),
                _NUMBERED.sub(r",\1<.*>-", compatible, count=1),
            }
            is_known = self._known[compatible] = any(
                self._contains_form(form) for form in forms
            ) or bool(self._below and self._below.documents_compatible(compatible))
        return is_known

    def knows_vendor(self, vendor: str) -> bool:
        return f'"^{vendor},.*":'.encode("utf-8", "surrogateescape") in self._vendors

    def _contains_form(self, form: str) -> bool:
        data = form.encode("utf-8", "surrogateescape")
        # checkpatch.pl searches with grep -E, so dots and pluses are not literal
        if data in self._text and "+" not in form:
            return True
        if not re.search(r"[.+*]", form):
            return False
        try:
            return re.search(data, self._text) is not None
        except re.error:
            return False


_READ: list[tuple[Tree, Bindings]] = []


def load_bindings(tree: Tree) -> Bindings:
    """Return a tree's bindings, including those that earlier patches of the series add.

    The result is cached for the last tree and the last state of a series.
    """
    for cached_tree, bindings in _READ:
        if cached_tree is tree:
            return bindings
    base = unpatched_tree(tree)
    base_bindings = load_bindings(base) if base is not tree else None
    changed = changed_files_below(tree, FOLDER)
    if base_bindings and not changed:
        return base_bindings
    text = (
        b"\n".join(data for path in changed if (data := tree.read(path)))
        if base_bindings
        else _read_bindings_text(tree)
    )
    vendors = tree.read(f"{FOLDER}/vendor-prefixes.yaml") or b""
    bindings = Bindings(text, vendors, base_bindings)
    _READ[:] = [(tree, bindings)]
    if base_bindings:
        _READ.append((base, base_bindings))
    return bindings


def _read_bindings_text(tree: Tree) -> bytes:
    root = getattr(tree, "root", None)
    if isinstance(root, Path):
        # read the files without checking each for links: there are thousands, and os.walk follows
        # no links
        return b"\n".join(_read_bindings(root / FOLDER))
    return b"\n".join(tree.read(path) or b"" for path in tree.files(FOLDER))


def _read_bindings(folder: Path) -> list[bytes]:
    import os

    texts: list[bytes] = []
    for top, _, names in os.walk(folder):
        for name in names:
            path = f"{top}/{name}"
            try:
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            except OSError:
                continue
            try:
                texts.append(os.read(handle, 1 << 22))
            finally:
                os.close(handle)
    return texts


_DTS_COMPATIBLE = compile_lazily(r'^\+\s*compatible\s*=\s*"')
_C_COMPATIBLE = compile_lazily(r'^\+.*\.compatible\s*=\s*"')
_QUOTED = compile_lazily(r'"([a-zA-Z0-9\-,.+_]+)"')
_VENDOR = compile_lazily(r"^([a-zA-Z0-9\-]+),")


@detector(
    "undocumented-compatible",
)
def undocumented_compatible(context: Context) -> Hits:
    """Report added compatible strings that no binding documents, and unknown vendor prefixes."""
    if context.tree is None:
        return
    for line in scan_patch(context).added:
        if "compatible" in line.text and _is_compatible(line):
            yield from _report_undocumented(context, context.tree, line)


def _is_compatible(line: ScannedLine) -> bool:
    if line.suffix in ("dts", "dtsi"):
        return _DTS_COMPATIBLE.match(line.text) is not None
    return line.suffix in ("c", "h") and _C_COMPATIBLE.match(line.text) is not None


def _report_undocumented(context: Context, tree: Tree, line: ScannedLine) -> Hits:
    bindings = load_bindings(tree)
    compat = context.options.checkpatch_compat
    if not bindings.is_there and not compat:
        return
    added = "" if compat else context.cache_for_series("bindings", _join_added_bindings)
    for compatible in _QUOTED.findall(line.raw):
        if compatible not in added and not bindings.documents_compatible(compatible):
            yield make_hit(line.number, compatible=compatible)
        vendor = _VENDOR.match(compatible)
        if vendor and not (f'"^{vendor[1]},' in added or bindings.knows_vendor(vendor[1])):
            yield make_hit(line.number, "vendor", vendor=vendor[1])


def _join_added_bindings(patches: Sequence[Patch]) -> str:
    return "\n".join(
        line.text
        for patch in patches
        for change in patch.files
        if change.path.startswith(BINDINGS)
        for line in change.lines("+")
    )


@detector(
    "schema-id",
)
def mismatched_schema_id(context: Context) -> Hits:
    """Report a schema whose $id does not match its path below bindings/."""
    for change in context.patch.files:
        path = change.new_path or ""
        if not (path.endswith(".yaml") and "bindings/" in path):
            continue
        expected = path.partition("bindings/")[2]
        for line in change.lines():
            if not line.text.startswith("$id:"):
                continue
            schema_id = line.text.partition(":")[2].strip(" \"'").rstrip("#")
            name = schema_id.rpartition("devicetree.org/schemas/")[2]
            if name != expected:
                yield make_hit(line.patch_line, id=name, file=expected)


_UNDERLINE = compile_lazily(r"^([=\-~^\"'`#*+.:])\1{2,}\s*$")


@detector("short-underline")
def short_underline(context: Context) -> Hits:
    for change in context.patch.files:
        if (change.new_path or "").endswith(".rst"):
            for hunk in change.hunks:
                yield from _find_short_underlines(hunk)


def _find_short_underlines(hunk: Hunk) -> Hits:
    lines = [line for line in hunk.lines if line.kind in "+ "]
    for index, line in enumerate(lines[1:], 1):
        heading = lines[index - 1].text.rstrip()
        if line.kind != "+" or not heading or heading[0].isspace():
            continue
        # if there are two lines above, the upper one must be blank or another line of punctuation
        starts_block = index < 2 or not lines[index - 2].text.strip()
        overline = index >= 2 and _UNDERLINE.match(lines[index - 2].text)
        if (
            (starts_block or overline)
            and _UNDERLINE.match(line.text)
            and not _UNDERLINE.match(heading)
            and len(line.text.rstrip()) < width(heading)
        ):
            yield Hit(line.patch_line)


SECTION_ORDER = "MRLSWQBCPTFXNK"
_CONFIG = compile_lazily(r"^\+\s*(?:config|menuconfig|choice)\b")
_PROMPT = compile_lazily(r"^\+\s*(?:bool|tristate|prompt)\s*[\"']")
_HELP = compile_lazily(r"^\+\s*help\s*$")
_NEXT_ENTRY = compile_lazily(
    r"^(?:config|menuconfig|choice|endchoice|if|endif|menu|endmenu|source)\b"
)
_ENTRY = compile_lazily(r"^[+ ]([A-Z]):\s*(.*)")
_TABBED_ENTRY = compile_lazily(r"^\+[A-Z]:\t\S")


@typed_detector(
    "checkpatch-kbuild",
)
def check_kbuild(context: Context) -> TypedHits:
    lines = scan_patch(context)
    for line in lines.added:
        path, text = line.file, line.text
        if "Kconfig" in path and _CONFIG.match(text):
            least = context.project.style.help_lines
            length = _count_help_lines(lines, line)
            if length is not None and length < least:
                yield (
                    "CONFIG_DESCRIPTION",
                    make_hit(line.number, "" if length else "missing", least=least),
                )
        if path == "MAINTAINERS":
            yield from (("MAINTAINERS_STYLE", hit) for hit in _check_section_entry(line))


def _count_help_lines(lines: LineScan, entry: ScannedLine) -> int | None:
    """Return the lines of help text of an added Kconfig entry, or None if it has no prompt."""
    prompt = helped = False
    length = 0
    for line in lines.lines[entry.number :]:
        text = line.text
        if text[:1] == "-":
            continue
        if text[:1] not in ("+", " "):
            break
        if _PROMPT.match(text):
            prompt = True
            continue
        if _HELP.match(text):
            helped = True
            continue
        content = text[1:].partition("#")[0].lstrip(" \t\r\f\v")
        if not content:
            continue
        if _NEXT_ENTRY.match(content):
            break
        length += helped
    return length if prompt else None


def _check_section_entry(line: ScannedLine) -> Hits:
    entry = _ENTRY.match(line.raw)
    if not entry:
        return
    if not _TABBED_ENTRY.match(line.raw):
        yield make_hit(line.number, "tab", entry=entry[1])
    previous = _ENTRY.match(line.previous.raw) if line.previous is not None else None
    if not previous:
        return
    rank = SECTION_ORDER.find(entry[1])
    above_rank = SECTION_ORDER.find(previous[1])
    if rank < 0:
        yield make_hit(line.number, "unknown", entry=entry[1])
    elif above_rank >= 0 and rank < above_rank:
        yield make_hit(
            line.number,
            entry=entry[1],
            above=previous[1],
            order=", ".join(SECTION_ORDER),
        )
    elif entry[1] in "FX" and entry[1] == previous[1] and previous[2] > entry[2]:
        yield line.make_hit_here(None, "pattern", pattern=entry[2], above=previous[2])


_UNSAFE = compile_lazily(r"^(?!\s*(?://|#)).*\bunsafe\s*(?:\{|impl\b)")
_PART_OF_STATEMENT = compile_lazily(r"[^;{}]\s*$")
_MOST_ABOVE = 30


@detector("unsafe-without-comment")
def unsafe_without_safety_comment(context: Context) -> Hits:
    for change in context.patch.files:
        if not (change.new_path or "").endswith(".rs"):
            continue
        for hunk in change.hunks:
            lines = [line for line in hunk.lines if line.kind in "+ "]
            for index, line in enumerate(lines):
                if (
                    line.kind == "+"
                    and _UNSAFE.match(line.text)
                    and not _is_explained(lines, index)
                ):
                    yield Hit(line.patch_line)


def _is_explained(lines: Sequence[DiffLine], index: int) -> bool:
    """Return whether there is a SAFETY comment on the line, on the next line, or above its
    statement.
    """
    if any("SAFETY" in line.text for line in lines[index : index + 2]):
        return True
    for line in reversed(lines[max(0, index - _MOST_ABOVE) : index]):
        text = line.text.strip()
        if "SAFETY" in text:
            return True
        is_comment = text.startswith(("//", "#["))
        if not text or not (is_comment or _PART_OF_STATEMENT.search(text)):
            return False
    # the hunk may not show the lines above
    return index <= _MOST_ABOVE
