# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading a file that contains only a reply to a patch sent from this machine."""

from pathlib import Path

from tests.kit.cli import call
from tests.kit.life import TITLE, create_life
from tests.kit.mails import RITA, build_mail

TAG = f"Reviewed-by: {RITA}"


def test_file_with_only_a_reply_is_added_to_the_sent_patch(
    tmp_path: Path,
) -> None:
    file = tmp_path / "reply"
    with create_life(tmp_path) as topic_life:
        sent_message_id = topic_life.send(publish=False)
        file.write_bytes(
            build_mail(
                f"Re: [PATCH] {TITLE}",
                f"Ada Fixer wrote:\n> Line 1 was wrong.\n\n{TAG}\n",
                sender=RITA,
                references=f"<{sent_message_id}>",
            )
        )
        assert TAG in topic_life.track("show --mbox", file).out
        assert topic_life.track().out.count(TITLE) <= 1
        assert topic_life.track("add --mbox", file).code == 0
        assert TAG in topic_life.track("show").out
    file.write_bytes(file.read_bytes().replace(sent_message_id.encode(), b"other@example.org"))
    second_outcome = call("track add --mbox", file)
    assert (
        second_outcome.code,
        "neither a patch nor a reply" in second_outcome.err,
    ) == (2, True)
