# SPDX-License-Identifier: GPL-2.0-or-later
"""Posts the results of a check to patchwork for each patch, for use by a project's CI."""

import os
import re
from collections import Counter
from typing import NamedTuple

from patchpilot.archive.patchwork import PostedCheck, post_check
from patchpilot.checking.check_result import CheckedPatch, CheckResult
from patchpilot.commits.git_config import config_values
from patchpilot.errors import MissingError, NetworkError, RefusedError
from patchpilot.model.counted import counted
from patchpilot.model.finding import Severity
from patchpilot.outgoing.outbox import Outbox
from patchpilot.urls import public_url

TOKEN, TOKEN_KEY = "PW_TOKEN", "pw.token"
"""Where git-pw has its API token as well: a variable of the environment, and a key of git's
configuration.
"""


class PostedChecks(NamedTuple):
    """The number of posted checks, and the titles of the patches missing from patchwork."""

    posted: int
    unknown: tuple[str, ...]


def post_checks(
    result: CheckResult, place: str, *, target_url: str = "", offline: bool = False
) -> PostedChecks:
    """Posts a check to patchwork for each patch that has a Message-ID.

    Raises `MissingError` if there is no API token, `NetworkError` if the server rejects a
    check, and `RefusedError` if a patch was sent as an undisclosed security fix.
    """
    if offline:
        raise NetworkError(
            f"checks cannot be posted to {place} with --offline", hint="omit --offline"
        )
    token = os.environ.get(TOKEN) or next(
        iter(config_values(None, rf"^{re.escape(TOKEN_KEY)}$").get(TOKEN_KEY, ())[-1:]),
        "",
    )
    if not token:
        raise MissingError(
            "no API token for patchwork",
            hint=f"set the environment variable {TOKEN} (see your profile page in patchwork)",
        )
    posted, unknown = 0, list[str]()
    with Outbox() as outbox:
        private = outbox.undisclosed_ids()
    if any(checked.patch.message_id in private for checked in result.patches):
        raise RefusedError(
            "cannot post checks of an undisclosed security fix",
            hint="omit --post-checks",
        )
    for checked in result.patches:
        message_id = checked.patch.message_id
        if message_id and post_check(
            place, _check_of(message_id, checked), token, public_url(target_url)
        ):
            posted += 1
        else:
            unknown.append(checked.patch.subject.title)
    return PostedChecks(posted, tuple(unknown))


def _check_of(message_id: str, checked: CheckedPatch) -> PostedCheck:
    """The check of a patch: `fail` for an error, `warning` for a warning, otherwise `success`.

    It counts what was found.
    """
    counts = Counter(finding.severity for finding in checked.findings)
    state = (
        "fail"
        if counts[Severity.ERROR]
        else "warning"
        if counts[Severity.WARNING]
        else "success"
    )
    return PostedCheck(
        message_id,
        state,
        ", ".join(
            counted(counts[severity], severity)
            for severity in Severity
            if counts[severity]
        )
        or "no findings",
    )
