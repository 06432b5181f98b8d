# SPDX-License-Identifier: GPL-2.0-or-later
"""Send through b4's web endpoint.

b4 posts the whole series at once, signed, with one outcome for all messages.
"""

import re
from collections.abc import Sequence

from patchpilot.commits.b4_prep import prep_branch
from patchpilot.errors import RefusedError
from patchpilot.model.message import MailState
from patchpilot.outgoing.b4.b4_command import run
from patchpilot.outgoing.b4.b4_send import find_suppressing_options
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.transport import Delivery

_NEVER_LEFT = re.compile(
    r"Failed to establish a new connection|NameResolutionError|Connection refused|no key configured|Error signing|CRITICAL: (?!Odd|Error from|Was not)"  # noqa: E501
)


def post(
    delivery: Delivery, words: Sequence[str], settings: Sequence[tuple[str, str]]
) -> None:
    """Post the series with b4; `words` are the arguments of `b4 send`, and `settings` the branch's
    tracking data.

    Each message gets the outcome of the series and the Message-ID that b4 generated in this run.
    """
    send = delivery.send
    if send.undisclosed:
        raise RefusedError(
            "cannot send an undisclosed security fix through b4's web endpoint"
        )
    for entry in send.entries:
        delivery.report(entry.position, Outcome(MailState.SENDING))
    reflect = ["--reflect"] if delivery.to_self else []
    result = run(
        delivery.repository,
        *find_suppressing_options(),
        "send",
        "--use-web-endpoint",
        *words,
        *reflect,
        settings=settings,
        stdin=b"\n\n",
        timeout=300.0,
    )
    outcome = _outcome(result.code, result.error_text)
    for entry in send.entries:
        delivery.report(entry.position, outcome)
    if outcome.state is not MailState.ACCEPTED or delivery.to_self:
        return
    known = prep_branch(delivery.repository, send.branch or "")
    noted = next(
        (
            ids[-1]
            for name, ids in (known.history if known else ())
            if name == f"v{send.version}" and ids
        ),
        None,
    )
    if noted:
        _rename(delivery, noted)


def _rename(delivery: Delivery, noted: str) -> None:
    """Store this run's Message-IDs in the outbox, derived from the first, which b4 recorded."""
    first = delivery.send.entries[0]
    for entry in delivery.send.entries:
        name = _rename_message_id(entry.message_id, first.message_id, noted)
        raw = entry.raw.replace(entry.message_id.encode(), name.encode()).replace(
            first.message_id.encode(), noted.encode()
        )
        delivery.rename(entry.position, name, raw)


def _outcome(code: int, output: str) -> Outcome:
    words = [line.strip() for line in output.splitlines() if line.strip()]
    last = next(
        (line for line in reversed(words) if "CRITICAL" in line or "Error" in line),
        words[-1] if words else "b4 printed nothing",
    )
    if code == 0:
        return Outcome(MailState.ACCEPTED, "the web endpoint accepted the series")
    # print an unexpected response unchanged: a proxy's page is not b4's output
    odd = "Odd response from the endpoint" in output
    if "Error from endpoint" in output and not odd:
        return Outcome(
            MailState.REJECTED,
            next(line for line in words if "Error from endpoint" in line),
        )
    if not odd and _NEVER_LEFT.search(output):
        return Outcome(MailState.PENDING, f"cannot reach the endpoint: {last}")
    return Outcome(
        MailState.UNKNOWN,
        f"the endpoint's answer is not known: {last}; sending again creates new Message-IDs, so"
        " check the archive first",
    )


def _rename_message_id(old: str, first_old: str, first_new: str) -> str:
    """Replace the random part of a Message-ID with that of another b4 run."""
    was, now = (
        re.search(r"-([0-9a-f]{12})@", first_old),
        re.search(r"-([0-9a-f]{12})@", first_new),
    )
    return old.replace(was[1], now[1]) if was and now else old
