# SPDX-License-Identifier: GPL-2.0-or-later
"""What a mail becomes when it is applied: what `git am` would cut off, and what stands in a message that only another tree wants."""

from collections.abc import Iterator

from patchpilot.cache import patterns as re
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.model.commit_references import upstream_commits
from patchpilot.model.patch import Patch


@detector("cut-message")
def cut_message(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Lines in a message that `git am` takes for its end or for the patch: a line of dashes, a diff, a From line, scissors."""
    from patchpilot.model.mail import scissors_line

    patch = context.patch
    for at, line in enumerate(patch.message):
        where = patch.message_line + at
        if re.match(r"^(?:diff -|Index: \S)", line):
            yield Hit(where, f'"{line[:30]}": git am takes this for the start of the diff and drops what follows: indent it')
        elif re.match(r"^>?From \S+ .*\d\d:\d\d", line):
            yield Hit(where, "a line that starts with From is taken for a new mail: indent it")
        elif scissors_line(line):
            yield Hit(where, "git am --scissors drops everything above this line")
    yield from _lost_sign_off(patch)
    if patch.commit:
        for line in patch.notes:
            if line.strip() and not re.match(r"^ \S.*\|| \d+ files? changed| (?:create|delete|rename|copy|mode|rewrite) |^---\s*$", line):
                yield Hit(patch.notes_line - 1, "the commit message has a line ---: what stands below it is lost when the mail is applied")
                return


def _lost_sign_off(patch: Patch) -> Iterator[Hit]:
    """The sign-off, where all there is of it stands below what ends the message."""
    if any(_SIGNED.match(line) for line in patch.message):
        return
    end = min((change.hunks[0].patch_line for change in patch.files if change.hunks), default=len(patch.lines) + 1)
    for at in range(patch.message_line + len(patch.message), end):
        if at <= len(patch.lines) and _SIGNED.match(patch.lines[at - 1]):
            what = "---" if at < patch.diff_line else "that looks like a diff"
            yield Hit(at, f"the sign-off stands below a line {what}: git am ends the message there, and drops it")
            return
    for at in range(end, len(patch.lines) + 1):
        if _SIGNED.match(patch.lines[at - 1]):
            yield Hit(
                patch.diff_line,
                "a diff in the message that is not indented: git am takes it for the start of the patch and drops what follows",
            )
            return


_SIGNED = re.compile(r"Signed-off-by: .*\S+@")


@detector("cherry-picked")
def cherry_picked(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """The line of `git cherry-pick -x` in a patch that is for no stable tree."""
    patch = context.patch
    if patch.subject.for_stable or re.search(
        r"stable|backport|upstream", " ".join(patch.subject.words) + patch.subject.title, re.IGNORECASE
    ):
        return
    for upstream_commit in upstream_commits("\n".join(patch.message)):
        if upstream_commit.picked:
            yield Hit(
                patch.message_line + upstream_commit.at,
                "git cherry-pick -x wrote this line: a patch for mainline has none, one for a stable tree says so by its mark, [PATCH 6.1.y]",
            )
