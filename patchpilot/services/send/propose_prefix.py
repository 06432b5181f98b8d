# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings that only a mail can have: a commit has no subject prefix yet, so `check` does not report it there."""

import re
from collections.abc import Iterable, Sequence

from patchpilot.model.action import Action
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch, Series
from patchpilot.model.rendered_mail import RenderedMail
from patchpilot.model.send_problem import SendProblem

RULES = ("missing-target-tree",)
_PREFIX = re.compile(r"\[(PATCH [^]]+)\]")


def mark_warnings(mails: Sequence[RenderedMail], profile: str) -> tuple[SendProblem, ...]:
    """The findings of `check` about the subject prefixes of the mails as they would be sent, each message once."""
    patches = (parse_patch(mail.raw.replace(b"\r\n", b"\n"), mail.subject) for mail in mails)
    return tuple(
        SendProblem(name, message, Action("send", ("--subject-prefix", "PATCH net"), "{}, or 'PATCH net-next'"))
        for name, message in _findings(patches, profile)
    )


def missing_tree(series: Series, prefix: str, profile: str) -> tuple[str, str] | None:
    """(message, the prefix it proposes) where mails of a series with this prefix ("" is PATCH) do not name the tree they are for."""
    found = _findings((_as_mail(patch, prefix or "PATCH") for patch in series.patches), profile)
    proposed = [(message, match[1]) for _, message in found if (match := _PREFIX.search(message))]
    return proposed[0] if proposed else None


def _as_mail(patch: Patch, prefix: str) -> Patch:
    """A patch as a mail with this subject prefix; the address makes it one."""
    header = next((header for header in patch.headers if header.name.lower() == "subject"), None)
    lines = list(patch.lines)
    at = header.line - 1 if header else 0
    lines[at : at + 1] = [f"Subject: [{prefix}] {patch.subject.title}", "To: nobody@example.invalid"]
    return parse_patch("\n".join(lines).encode("utf-8", "surrogateescape"), patch.source)


def _findings(patches: Iterable[Patch], profile: str) -> list[tuple[str, str]]:
    from patchpilot.services.check.check_patches import check_series
    from patchpilot.services.check.check_request import CheckRequest

    result = check_series((Series(tuple(patches)),), CheckRequest(profile=profile, select=RULES, fail_on="never"))
    return list(dict.fromkeys((finding.name, finding.message) for checked in result.patches for finding in checked.findings))
