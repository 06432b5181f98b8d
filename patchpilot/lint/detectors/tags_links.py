# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for checks that checkpatch.pl added in Linux 6.1 and later.

They report bad links, Reported-by: without Closes:, and fixes without Fixes:.
"""

from patchpilot.lint.c.c_patterns import IDENT
from patchpilot.lint.c.line_scan import scan
from patchpilot.lint.c.mask_comments import COMMENT
from patchpilot.lint.detector import TypedHits, make_hit, typed_detector
from patchpilot.lint.detectors.c_pattern import c_lines, c_text
from patchpilot.lint.detectors.mail_patch_form import is_patch, last_line
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context
from patchpilot.model.fix_claim import BUG_SIGN, adds_an_id, explains_missing_fixes
from patchpilot.model.fixes_line import read_fixes_line

_REVERT = "This reverts commit"
_BUG_SIGN = lazy(BUG_SIGN)
_ID_TABLE = lazy(r"struct\s+[a-z]\w*_device_id\b\s+\w+\s*\[\s*\]\s*=\s*\{")
_FIELD = lazy(rf"\.{IDENT}=")
_EMPTY = lazy(rf'""|0x0|[\s{COMMENT},0]')
_TABLE_ENDS = (
    "{}};",
    "{{}}};",
    "ISAPNP_DEVICE_SINGLE_END}};",
    "ISAPNP_CARD_END}};",
    "NULL};",
)


@typed_detector(
    "checkpatch-newer",
)
def newer(context: Context) -> TypedHits:
    """Yield the hits, with their types, that only newer kernels check."""
    yield from _missing_fixes(context)
    yield from _tables(context)


def _missing_fixes(context: Context) -> TypedHits:
    lines = scan(context)
    sign = ""
    inside = changes = False
    for line in lines.lines:
        changes = changes or line.starts_hunk or (line.starts_file and not inside)
        inside = line.log_after
        if not (line.in_header or line.starts_hunk or line.starts_file):
            if _has_fixes(line.text) or (line.text.startswith(_REVERT) and not changes):
                return
            if not changes and (found := _BUG_SIGN.search(line.text)):
                sign = found[0].strip()
    if sign and is_patch(lines):
        patch = context.patch
        needs_none = explains_missing_fixes(patch.message) or adds_an_id(patch)
        case = "explained" if needs_none else ""
        yield (
            "MISSING_FIXES_TAG",
            make_hit(last_line(lines), case, sign=sign),
        )


def _has_fixes(text: str) -> bool:
    """Return whether checkpatch.pl recognizes a line as a Fixes: tag."""
    line = read_fixes_line(text)
    return line is not None and line.is_unquoted and bool(line.commit_id)


def _tables(context: Context) -> TypedHits:
    if "_device_id" not in c_text(context):
        return
    from patchpilot.lint.c.walk import code

    walked = code(context)
    for line in c_lines(context):
        if "_device_id" not in line.text or not _ID_TABLE.search(line.text):
            continue
        span = walked.statement(line.number)
        if span is None:
            continue
        table = "\n".join(part[1:] for part in span.text.split("\n")).replace(
            "\\\n", "\n"
        )
        table = _FIELD.sub("", _EMPTY.sub("", table))
        if not table.endswith(_TABLE_ENDS):
            yield (
                "MISSING_SENTINEL",
                make_hit(line.number, "cut" if span.level > 0 else ""),
            )
