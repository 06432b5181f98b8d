# SPDX-License-Identifier: GPL-2.0-or-later
"""The detector for text in a message that `git am` cuts off."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.cache.cached_re import compile_late
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.lint_context import Context
from patchpilot.model.patch import Patch
from patchpilot.model.trailer import is_trailer


@detector(
    "cut-message",
)
def cut_message(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report lines that make `git am` cut the message: dashes, a diff, a From line or scissors."""
    from patchpilot.model.mail import scissors_line

    patch = context.patch
    # with these encodings, mail programs write such a line in a form that git does not take for a
    # new mail
    encoded = (patch.header("Content-Transfer-Encoding") or "").strip().lower() in (
        "quoted-printable",
        "base64",
    )
    for at, line in enumerate(patch.message):
        where = patch.message_line + at
        if not encoded and re.match(r"^From \S+ .*\d\d:\d\d", line):
            yield make_hit(where, "from")
        elif scissors_line(line):
            yield make_hit(
                where,
                (
                    "scissors-on-purpose"
                    if _is_message(patch.message[at + 1 :])
                    else "scissors"
                ),
            )
    taken = _find_false_diff(patch)
    if taken:
        yield make_hit(taken, "diff", start=patch.lines[taken - 1][:30])
    else:
        yield from _lost_sign_off(patch)
    if patch.commit:
        for line in patch.notes:
            if line.strip() and not re.match(
                r"^ \S.*\|| \d+ files? changed| (?:create|delete|rename|copy|mode|rewrite)"
                r" |^---\s*$",
                line,
            ):
                yield make_hit(patch.notes_line - 1, "separator")
                return


def _find_false_diff(patch: Patch) -> int:
    """Return the patch line at which the message looks like a diff, with text below it, or 0."""
    first = patch.message_line + len(patch.message)
    for at in range(first, patch.diff_line):
        line = patch.lines[at - 1]
        if line.strip():
            is_diff = re.match(r"diff -|Index: |--- \S", line)
            below = patch.lines[at : patch.diff_line - 1]
            has_text = any(re.match(r"(?!=+$|diff |Index: )\S", text) for text in below)
            return at if is_diff and has_text and patch.has_diff else 0
    return 0


def _is_message(lines: Sequence[str]) -> bool:
    """Return whether the lines below scissors form a commit message, with a description and a
    sign-off.

    The text above them is then a letter.
    """
    return any(map(_SIGNED.match, lines)) and any(
        line.strip() and not is_trailer(line) for line in lines
    )


def _lost_sign_off(patch: Patch) -> Iterator[Hit]:
    """Yield the sign-off if the only one is after the end of the message."""
    if any(_SIGNED.match(line) for line in patch.message):
        return
    end = min(
        (change.hunks[0].patch_line for change in patch.files if change.hunks),
        default=len(patch.lines) + 1,
    )
    for at in range(patch.message_line + len(patch.message), end):
        if at <= len(patch.lines) and _SIGNED.match(patch.lines[at - 1]):
            yield make_hit(
                at,
                (
                    "sign-off-below-separator"
                    if at < patch.diff_line
                    else "sign-off-below-diff"
                ),
            )
            return
    for at in range(end, len(patch.lines) + 1):
        if _SIGNED.match(patch.lines[at - 1]):
            yield make_hit(patch.diff_line, "unindented-diff")
            return


_SIGNED = compile_late(r"Signed-off-by: .*\S+@")
