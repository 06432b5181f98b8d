# SPDX-License-Identifier: GPL-2.0-or-later
"""What was sent from this machine is part of the tracked series, also if no archive has it yet."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from patchpilot.topic.followed import known_series
from tests.kit.life import Life, life
from tests.kit.mails import MATT

ASKS = "Please explain why line 1 was wrong.\n\nPlease use a constant here."


def _row(text: str, name: str) -> str:
    """A row of `track show`."""
    return next(
        line.removeprefix(f"  {name}").strip()
        for line in text.splitlines()
        if line.startswith(f"  {name} ")
    )


def _reviewed(one: Life) -> str:
    """v1, to which a maintainer answered with two requests; its Message-ID."""
    first = one.send()
    one.update()
    one.tell(first, ASKS, MATT)
    return first


def _send_next(one: Life, version: int = 2, **options: bool) -> str:
    """Send the next version with a changed line."""
    one.amend(f"int next{version};\n")
    done = one.run("draft", "--changelog", "- as requested", "-v", version)
    assert done.code == 0, done.err
    return one.send("--reroll", **options)


@pytest.mark.parametrize("publish", [False, True])
def test_the_state_after_v2_was_sent_is_that_of_v2(
    tmp_path: Path, publish: bool
) -> None:
    with life(tmp_path) as one:
        first = _reviewed(one)
        before = one.track("show").out
        assert _row(before, "state").startswith("changes-requested")
        second = _send_next(one, publish=publish)
        for _ in range(2):
            shown = one.track("show").out
            assert _row(shown, "state") == "sent: no reply yet"
            assert _row(shown, "turn").startswith("others'")
            assert "send v2" not in shown
            assert "--reroll" not in shown
            assert _row(shown, "v1").endswith(f"<{first}>")
            assert _row(shown, "v2").endswith(f"<{second}>")
            listed = one.track("list").out
            assert "changes-requested" not in listed
            assert "--reroll" not in listed
            # the requests for v1 are still listed as such
            requests = json.loads(one.track("ledger", "1", "--format", "json").out)[
                "points"
            ]
            assert [point["version"] for point in requests] == [1, 1]
            assert second in one.track("export", "--format", "mbox").out
            assert _row(one.track("show", f"<{second}>").out, "state").startswith(
                "sent"
            )
            # neither an archive without it nor its answer changes that
            one.update()


def test_a_version_that_the_archive_lacks_is_reported_as_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with life(tmp_path) as one:
        _reviewed(one)
        _send_next(one, publish=False)
        one.update()
        monkeypatch.setattr(known_series, "ARRIVES", timedelta(0))
        assert "1 message sent 0 hours before it was last" in one.track("show").out
