# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the To and Cc addresses of a plan."""

from patchpilot.model.progress import ignore_progress
from patchpilot.model.recipient import Recipient, RecipientPlan
from tests.model.test_commit import ADA


def test_plan_splits_recipients_by_header() -> None:
    to, cc = (Recipient(ADA, "maintainer", None, header, ()) for header in ("to", "cc"))
    plan = RecipientPlan((to, cc))
    assert (plan.to, plan.cc) == ((to,), (cc,))
    assert ignore_progress("checking") is None
