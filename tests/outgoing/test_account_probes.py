# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a missing sendmail program is reported."""

from patchpilot.outgoing.hand_over import find_missing_program
from tests.kit.smtp import FaultySink
from tests.outgoing.test_smtp import make_account


def test_missing_sendmail_program_is_reported() -> None:
    for command in ("/nowhere/sendmail -t", "nowhere 'x", "no ' quote"):
        with FaultySink() as server:
            account = make_account(server, sendmail=command)
        problem = find_missing_program(account)
        assert problem is not None
        assert problem.message.startswith("program not found: ")
