# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings that only a mail can have: a commit has no subject prefix yet, so `check` does not report it there."""

from collections.abc import Sequence

from patchpilot.model.action import Action
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from patchpilot.model.rendered_mail import RenderedMail
from patchpilot.model.send_problem import SendProblem

RULES = ("missing-target-tree",)


def mark_warnings(mails: Sequence[RenderedMail], profile: str) -> tuple[SendProblem, ...]:
    """The findings of `check` about the subject prefixes of the mails as they would be sent, each message once."""
    from patchpilot.services.check.check_patches import check_series
    from patchpilot.services.check.check_request import CheckRequest

    patches = tuple(parse_patch(mail.raw.replace(b"\r\n", b"\n"), mail.subject) for mail in mails)
    result = check_series((Series(patches),), CheckRequest(profile=profile, select=RULES, fail_on="never"))
    found = dict.fromkeys((finding.name, finding.message) for checked in result.patches for finding in checked.findings)
    return tuple(
        SendProblem(name, message, Action("send", ("--subject-prefix", "PATCH net"), "{}, or 'PATCH net-next'")) for name, message in found
    )
