# SPDX-License-Identifier: GPL-2.0-or-later
"""The detector for characters that reviewers cannot see, as in CVE-2021-42574."""

import re
from collections.abc import Iterator

from patchpilot.cache.cached_re import compile_late
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.detectors.generic import subject_line
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import added_lines
from patchpilot.model.printable import HIDDEN, HIDDEN_IN_PROSE

_CODE = (".c", ".h", ".dts", ".dtsi", ".rs")
_PROSE = compile_late(r"^Documentation/|\.(?:rst|txt|md|po)$")
_WORD = compile_late(r"\w*(?:[^\W\x00-\x7f]|[\u0300-\u036f])\w*")


@detector(
    "hidden-character",
)
def hidden_character(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report invisible characters and non-ASCII identifiers.

    The marks that other scripts need are allowed in names, messages and documents.
    """
    patch = context.patch
    names = [
        (header.line, header.value)
        for header in patch.headers
        if header.name.lower() in ("from", "to", "cc")
    ]
    message = enumerate(patch.message, patch.message_line)
    title = (subject_line(context), patch.subject.title)
    for at, text in (*names, title, *message):
        yield from _hit_at(HIDDEN_IN_PROSE, "", at, text)
    for change in patch.files:
        yield from _hit_at(HIDDEN, "path", change.patch_line, change.path)
        pattern = HIDDEN_IN_PROSE if _PROSE.search(change.path) else HIDDEN
        for line in change.lines():
            yield from _hit_at(pattern, "code", line.patch_line, line.text)
    for _, _, new in added_lines(context, _CODE):
        if word := None if new.code.isascii() else _WORD.search(new.code):
            char = next(char for char in word[0] if not char.isascii())
            values = {"word": word[0], "code": f"{ord(char):04X}"}
            yield make_hit(new.patch_line, "identifier", word.start() + 1, **values)


def _hit_at(pattern: re.Pattern[str], case: str, at: int, text: str) -> Iterator[Hit]:
    if found := pattern.search(text):
        yield make_hit(at, case, found.start() + 1, code=f"{ord(found[0]):04X}")
