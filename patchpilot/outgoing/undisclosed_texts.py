# SPDX-License-Identifier: GPL-2.0-or-later
"""Find text that must not be published with an undisclosed security fix, such as links to
its report.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.mail import parse_mail, parse_message_id
from patchpilot.model.message import Message
from patchpilot.model.patch import Patch, Series
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.trailer import Trailer, parse_trailer

_LINKS = ("link", "closes", "buglink")
_REPORTER_TAGS = ("reported-by", "reported-and-tested-by")
_CVE = lazy_pattern(r"\bCVE-\d{4}-\d{4,}\b", re.IGNORECASE)


def find_undisclosed_problems(
    series: Series, private_ids: Collection[str]
) -> Iterator[SendProblem]:
    """Yield a problem for each tag in an undisclosed fix that refers to its report or a private
    thread.

    The commit message is published with the fix, but the report is not
    (Documentation/process/security-bugs.rst).
    """
    for patch in series.patches:
        for tag in _find_tags(patch, _LINKS):
            linked = parse_message_id(tag.value.split()[0] if tag.value.split() else "")
            if tag.key != "link" or linked:
                message = (
                    f"{patch.subject.title}: {tag.name}: names a report or a thread that is not"
                    " public"
                )
                yield SendProblem(
                    "names-report",
                    message,
                    "remove the tag; add it once the report is public",
                )
    texts = [(patch.subject.title, "\n".join(patch.message)) for patch in series.patches]
    yield from _find_private_threads(texts, private_ids)


def _find_tags(patch: Patch, keys: Collection[str]) -> list[Trailer]:
    return [tag for line in patch.message if (tag := parse_trailer(line)) and tag.key in keys]


def find_undisclosed_warnings(series: Series) -> Iterator[SendProblem]:
    """Yield a warning for each part of an undisclosed fix that requires the reporter's consent."""
    for patch in series.patches:
        title = patch.subject.title
        for tag in _find_tags(patch, _REPORTER_TAGS)[:1]:
            message = f"{title}: {tag.name}: names the reporter"
            yield SendProblem("names-reporter", message, "ask whether the reporter agrees to that")
        if cve := _CVE.search("\n".join((title, *patch.message))):
            yield SendProblem(
                "names-cve",
                f"{title}: names {cve[0]}",
                "omit it: the CVE team assigns it after the fix",
            )


def find_disclosing_problems(
    mails: Sequence[Message], private_ids: Collection[str]
) -> Iterator[SendProblem]:
    """Yield a problem for each public message that refers to an undisclosed fix."""
    undisclosed = set(private_ids) - {mail.message_id for mail in mails}
    texts = []
    for mail in mails if undisclosed else ():
        parsed = parse_mail(mail.raw)
        texts.append(
            (
                mail.subject,
                " ".join((parsed.in_reply_to or "", *parsed.references, parsed.body)),
            )
        )
    yield from _find_private_threads(texts, undisclosed)


def _find_private_threads(
    texts: Iterable[tuple[str, str]], undisclosed: Collection[str]
) -> Iterator[SendProblem]:
    for title, text in texts:
        decoded = text.replace("%40", "@")
        for message_id in sorted(undisclosed):
            if message_id in decoded:
                yield SendProblem(
                    "private-thread",
                    f"{title}: names {message_id}, which was sent as an undisclosed fix",
                    "remove it: nobody else can read that thread",
                )
