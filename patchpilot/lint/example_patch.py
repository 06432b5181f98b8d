# SPDX-License-Identifier: GPL-2.0-or-later
"""Expand the examples in rule packs to complete patches that have no other problems."""

import re
from collections.abc import Mapping

from patchpilot.lint.lint_context import Context, HistoryFacts, Options
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch, Series
from patchpilot.model.rule import Example
from patchpilot.model.source_tree import parse_makefile_version
from patchpilot.projects.loading import find_project, newest_kernel

SIGN_OFF = "Signed-off-by: Ada Fixer <ada@example.org>"
SUBJECT = "frob: wait for the link before it is used"
PROSE = (
    "Old boards need a moment until the link is up, and the driver uses it too\nearly. Wait for the"
    " link, so that the first transfer does not fail."
)
PATH = "drivers/frob/frob.c"
HUNK = (
    " \tint ret;\n"
    " \n"
    "-\tret = frob_start(frob);\n"
    "+\tret = frob_start_wait(frob);\n"
    " \tif (ret)\n"
    " \t\treturn ret;\n"
    " "
)


class MemoryTree:
    """A source tree in memory. It maps paths to contents."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {path: content.encode() for path, content in files.items()}

    @property
    def label(self) -> str:
        return "memory"

    @property
    def version(self) -> tuple[int, int] | None:
        return parse_makefile_version(self.read("Makefile"))

    def read(self, path: str) -> bytes | None:
        return self._files.get(path)

    def exists(self, path: str) -> bool:
        return path in self._files or self.is_dir(path)

    def is_dir(self, path: str) -> bool:
        return any(file.startswith(f"{path.rstrip('/')}/") for file in self._files)

    def files(self, directory: str = "") -> tuple[str, ...]:
        prefix = f"{directory.rstrip('/')}/" if directory else ""
        return tuple(sorted(path for path in self._files if path.startswith(prefix)))


COMMIT = "0123456789abcdef0123456789abcdef01234567"
"""The commit id in the messages of examples. If an example's history contains it, the patch is that
commit.
"""


def build_context(example: Example, history: HistoryFacts | None = None) -> Context:
    """Return the context for checking an example, with the facts about its history."""
    patches = (
        [_parse_patch(_build_series_patch(patch_text)) for patch_text in example.series]
        if example.series
        else [
            _parse_patch(
                build_example_mail(example),
                COMMIT if COMMIT in (example.history or {}) else None,
            )
        ]
    )
    series_patches = [patch for patch in patches if patch.has_diff]
    cover = (
        next((patch for patch in patches if not patch.has_diff), None) if example.series else None
    )
    tree = MemoryTree(example.tree) if example.tree else None
    kernel = example.kernel or (tree.version if tree else None) or newest_kernel()
    options = Options(strict=True, kernel=kernel, profile=example.profile or "linux")
    context = Context(
        series_patches[0] if series_patches else patches[0],
        Series(tuple(series_patches), cover),
        tree,
        history,
        options,
        find_project(options.profile or "linux"),
    )
    context.older = tuple(series_patches)
    return context


def _parse_patch(patch_text: str, commit: str | None = None) -> Patch:
    return parse_patch(patch_text.encode("utf-8", "surrogateescape"), "example.patch", commit)


def _build_series_patch(message_text: str) -> str:
    """Return a patch of a series.

    The text is the whole message, or only its subject.
    """
    if "\n\n" in message_text:
        return message_text.lstrip("\n")
    *headers, subject = message_text.split("\n")
    number = re.search(r"(\d+)/", subject)
    letter = chr(96 + int(number[1])) if number else "a"
    path = PATH if letter == "a" else f"drivers/frob/{letter}.c"
    body = mail(
        subject,
        f"{PROSE}\n\n{SIGN_OFF}",
        build_file_diff(path, HUNK.replace("frob_start(", f"frob_{letter}(")),
    )
    if number and int(number[1]) == 0:
        body = mail(subject, PROSE, "")
    return body.replace("Date: ", "".join(f"{line}\n" for line in headers) + "Date: ", 1)


def build_example_mail(example: Example) -> str:
    """Convert the example to a patch message."""
    if example.patch is not None:
        return example.patch.lstrip("\n")
    subject = example.subject or SUBJECT
    message = example.message.strip("\n") if example.message is not None else PROSE
    trailers = (example.trailers or "").strip("\n")
    if "Signed-off-by:" not in trailers and "Signed-off-by:" not in message:
        trailers = f"{trailers}\n{SIGN_OFF}".lstrip("\n")
    text = "\n\n".join(paragraph for paragraph in (message, trailers) if paragraph)
    return mail(subject, text, build_example_diff(example))


def mail(subject: str, text: str, diff: str) -> str:
    """Return a patch in the format of git format-patch."""
    # include MAINTAINERS in the diffstat, because a patch that adds files should also add their
    # maintainer
    diffstat = (
        " MAINTAINERS | 1 +\n 1 file changed, 1 insertion(+)\n"
        if "diff --git a/MAINTAINERS " in diff
        else ""
    )
    prefixed_subject = subject if subject.startswith("[") else f"[PATCH] {subject}"
    return (
        f"From {COMMIT} Mon Sep 17 00:00:00 2001\n"
        "From: Ada Fixer <ada@example.org>\n"
        "Date: Tue, 6 Jan 2026 10:00:00 +0000\n"
        f"Subject: {prefixed_subject}\n\n{text}\n---\n{diffstat}\n{diff}-- \n2.43.0\n\n"
    )


def build_example_diff(example: Example) -> str:
    """Return an example's diff, with the line counts of its hunks filled in."""
    if example.code is not None:
        assert example.path is not None
        lines = example.code.removeprefix("\n").removesuffix("\n").split("\n")
        added_lines = "\n".join(f"+{line}" for line in lines)
        if example.new_file:
            entry = build_file_diff(
                "MAINTAINERS", " F:\tdrivers/frob/\n+F:\t" + example.path + "\n \n "
            )
            return build_file_diff(example.path, added_lines, is_new_file=True) + entry
        return build_file_diff(example.path, f" \n \n \n{added_lines}\n \n \n ")
    if example.diff is not None:
        body = example.diff.removeprefix("\n").removesuffix("\n")
        return (
            build_file_diff(example.path, body, is_new_file=example.new_file)
            if example.path
            else fill_in_diff_ranges(body)
        )
    return build_file_diff(PATH, HUNK)


def build_file_diff(path: str, body: str, *, is_new_file: bool = False) -> str:
    """Return the diff of one file.

    `body` contains the lines of the hunks, which start with a `@@` line. The `@@` line of the first
    hunk may be omitted.
    """
    if not body.startswith("@@"):
        body = f"@@\n{body}"
    header = f"diff --git a/{path} b/{path}\n"
    header += (
        "new file mode 100644\nindex 000000000000..2222222222\n--- /dev/null\n"
        if is_new_file
        else f"index 1111111111..2222222222 100644\n--- a/{path}\n"
    )
    return f"{header}+++ b/{path}\n{_fill_in_ranges(body, is_new_file=is_new_file)}"


def fill_in_diff_ranges(diff_text: str) -> str:
    """Fill in the line numbers and counts of a diff's `@@` lines."""
    parts: list[str] = []
    body: list[str] = []
    for line in diff_text.split("\n"):
        if line.startswith("diff --git ") and body:
            parts.append(_fill_in_ranges("\n".join(body)))
            body = []
        body.append(line)
    return "".join([*parts, _fill_in_ranges("\n".join(body))])


def _fill_in_ranges(body: str, *, is_new_file: bool = False) -> str:
    lines = body.split("\n")
    result: list[str] = []
    line_number = 10
    for number, line in enumerate(lines):
        if not line.startswith("@@") or line.startswith("@@ -"):
            result.append(line)
            continue
        hunk = []
        for following in lines[number + 1 :]:
            if following.startswith(("@@", "diff --git ")):
                break
            hunk.append(following)
        old_count = sum(1 for line in hunk if line[:1] in (" ", "-", ""))
        new_count = sum(1 for line in hunk if line[:1] in (" ", "+", ""))
        created = is_new_file or any(line == "--- /dev/null" for line in lines[:number])
        section = line.removeprefix("@@").strip()
        result.append(
            f"@@ -{0 if created else line_number},{old_count}"
            f" +{1 if created else line_number},{new_count} @@{' ' + section if section else ''}"
        )
        line_number += old_count + 40
    return "".join(f"{line}\n" for line in result)
