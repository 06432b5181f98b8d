# SPDX-License-Identifier: GPL-2.0-or-later
"""b4's web endpoint as the way out: b4 posts the whole series at once, signed, and only the series as a whole has an outcome."""

import re
from collections.abc import Sequence

from patchpilot.commits.b4_prep import prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.model.address import Address
from patchpilot.outgoing.b4.b4_transport import recipient_words, switched_off
from patchpilot.outgoing.b4.command import run
from patchpilot.outgoing.mail_state import MailState, Outcome, Report
from patchpilot.outgoing.outbox import OutboxEntry

_NEVER_LEFT = re.compile(
    r"Failed to establish a new connection|NameResolutionError|Connection refused|no key configured|Error signing|CRITICAL: (?!Odd|Error from|Was not)"
)


def post(
    repository: Repository,
    entries: Sequence[OutboxEntry],
    report: Report,
    *,
    branch: str,
    version: int,
    to: Sequence[Address],
    cc: Sequence[Address],
    cover: bool,
    reflect: bool,
) -> str | None:
    """Let b4 post the series; every mail gets the series' outcome. The first mail's Message-ID as b4 noted it, None when nothing was sent for good."""
    for index in range(len(entries)):
        report(index, Outcome(MailState.SENDING))
    words = [*switched_off(), "send", "--use-web-endpoint", *recipient_words(to, cc)]
    words += [*(["--force-cover-letter"] if cover else []), *(["--reflect"] if reflect else [])]
    done = run(repository, *words, stdin=b"\n\n", timeout=300.0)
    outcome = _outcome(done.code, done.error_text)
    for index in range(len(entries)):
        report(index, outcome)
    if outcome.state is not MailState.ACCEPTED or reflect:
        return None
    known = prep_branch(repository, branch)
    return next((ids[-1] for name, ids in (known.history if known else ()) if name == f"v{version}" and ids), None)


def _outcome(code: int, said: str) -> Outcome:
    words = [line.strip() for line in said.splitlines() if line.strip()]
    last = next((line for line in reversed(words) if "CRITICAL" in line or "Error" in line), words[-1] if words else "b4 said nothing")
    if code == 0:
        return Outcome(MailState.ACCEPTED, "the web endpoint took the series")
    # an odd response is printed as it is: whatever words a proxy's page has, they are not b4's
    odd = "Odd response from the endpoint" in said
    if "Error from endpoint" in said and not odd:
        return Outcome(MailState.REJECTED, next(line for line in words if "Error from endpoint" in line))
    if not odd and _NEVER_LEFT.search(said):
        return Outcome(MailState.PENDING, f"the endpoint was not reached: {last}")
    return Outcome(
        MailState.UNKNOWN, f"the endpoint's answer is not known: {last}; a second try has new Message-IDs, so look in the archive first"
    )


def renamed(old: str, first_old: str, first_new: str) -> str:
    """A mail's Message-ID after b4 gave its run another random part."""
    was, now = re.search(r"-([0-9a-f]{12})@", first_old), re.search(r"-([0-9a-f]{12})@", first_new)
    return old.replace(was[1], now[1]) if was and now else old
