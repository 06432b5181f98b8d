# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a missing sendmail program is reported."""

from patchpilot.outgoing import account_probes
from tests.kit.smtp import FaultySink
from tests.outgoing.test_smtp import make_account


def test_missing_sendmail_program_is_reported() -> None:
    for command in ("/nowhere/sendmail -t", "nowhere 'x", "no ' quote"):
        with FaultySink() as server:
            account = make_account(server, sendmail=command)
        assert account_probes._probe_program(account).state == "fail"
