# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which message of a series is replied to, and that quotes of another one are reported."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from patchpilot.reading.mbox import parse
from patchpilot.threads.known_series import open_store
from patchpilot.tracking.reply.answered_mail import find_answered_mail
from patchpilot.tracking.reply.text import find_text_warnings
from tests.kit.life import create_life
from tests.kit.mails import MATT, RITA, build_reply


def test_series_number_names_the_latest_open_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # both replies have the same time
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=20))
    monkeypatch.setattr("tests.kit.life.format_datetime", lambda _: date)
    with create_life(tmp_path) as topic:
        first_message_id = topic.send()
        topic.add_reply(first_message_id, "Please rename the variable.", MATT)
        tagged = "Why not use a helper? I just wonder.\n\nReviewed-by: " + RITA
        topic.add_reply(first_message_id, tagged)
        shown = topic.track("show 1 --ledger --json").json["points"]
        assert [point["from"] for point in shown] == ["Matt Maintainer", "Rita Reviewer"]
        with open_store() as store:
            answered = find_answered_mail("1", "reply", store)
        assert answered.message_id == shown[-1]["message_id"]


@pytest.mark.parametrize(
    ("quote", "is_foreign"),
    [
        ("> Please rename the variable.", False),
        ("> Please rename\n> the variable.", False),
        ("> Please rename the variable.\n> > int a;", False),
        ("> Why not use a helper?", True),
        ("no quote", False),
    ],
)
def test_quote_of_another_message_is_reported(quote: str, is_foreign: bool) -> None:
    mail = build_reply("[PATCH] x", "Please rename the variable.\n> int a;")
    warnings = find_text_warnings(f"{quote}\n\nI will.\n", parse(mail)[0].body)
    assert ["foreign-quote" in it.name for it in warnings] == [True] * is_foreign
