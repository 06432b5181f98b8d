# SPDX-License-Identifier: GPL-2.0-or-later
"""Build a patch message from the commit message in an editor and the staged changes."""

import os
from collections.abc import Mapping
from itertools import takewhile
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.model.patch import JOINED

SCISSORS = "------------------------ >8 ------------------------"
SUBJECT = "Subject: [PATCH] "


class MessageMail(NamedTuple):
    """The commit in preparation, as a patch message.

    `base` is the revision that it is based on. `lines` maps line numbers of the patch message (from
    1) to line numbers of the commit message in the editor (from 0).
    """

    content: bytes
    base: str
    lines: Mapping[int, int]


def make_message_mail(repository: Repository, text: str) -> MessageMail:
    """Return the commit that is being created as the message of a patch.

    `text` is the commit message in the editor; comment lines are removed. The diff contains the
    staged changes.
    """
    comment = (repository.config("core.commentChar") or ("#",))[-1]
    comment = comment if len(comment) == 1 else "#"
    all_lines = text.split("\n")
    # git commit --verbose appends the diff below this line
    end = next(
        (
            number
            for number, line in enumerate(all_lines)
            if line.startswith(f"{comment} {SCISSORS}")
        ),
        len(all_lines),
    )
    message_lines = [
        (number, line)
        for number, line in enumerate(all_lines[:end])
        if not line.startswith(comment)
    ]
    while message_lines and not message_lines[0][1]:
        del message_lines[0]
    (subject_line, subject), *body = message_lines or [(0, "")]
    # without a blank line, git joins the lines of the first paragraph to the subject
    joined = list(takewhile(lambda row: row[1].strip(), body))
    del body[: len(joined)]
    while body and not body[0][1].strip():
        del body[0]
    while body and not body[-1][1].strip():
        del body[-1]
    author = repository.git("var", "GIT_AUTHOR_IDENT", ok=(0, 128)).text.rpartition(">")[0] + ">"
    # for `git commit -a`, git passes a different index to hooks; if the user only amends the
    # message, use the diff of the last commit
    index = (
        {"GIT_INDEX_FILE": os.path.abspath(os.environ["GIT_INDEX_FILE"])}  # noqa: PTH100
        if "GIT_INDEX_FILE" in os.environ
        else None
    )
    base = "HEAD"
    diff = repository.git("diff", "--cached", "--stat", "-p", "-M", env=index).text
    if not diff and repository.find("HEAD^"):
        base = "HEAD^"
        diff = repository.git("diff", "--cached", "--stat", "-p", "-M", base, env=index).text
    message = "\n".join(line for _, line in body)
    title = f"\n{JOINED}".join((subject, *(line for _, line in joined)))
    mail = f"From: {author}\n{SUBJECT}{title}\n\n{message}\n---\n{diff}"
    start = 4 + len(joined)
    lines = {2: subject_line} | {start + offset: number for offset, (number, _) in enumerate(body)}
    return MessageMail(mail.encode("utf-8", "surrogateescape"), base, lines)
