# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `trailers`: for which commits a tag is."""

from pathlib import Path

from tests.kit.life import life
from tests.kit.mails import RITA


def test_a_tag_for_the_series_is_not_for_a_commit_that_was_not_sent(tmp_path: Path) -> None:
    with life(tmp_path, 2) as one:
        assert one.run("draft", "--cover", "widget: change two lines\n\nBoth were wrong.").code == 0
        cover = one.send()
        one.tell(cover, f"Reviewed-by: {RITA}", subject="Re: [PATCH 0/2] widget: change two lines")
        one.repo.commit("widget: something new\n\nNew.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n", {"new.c": "int later;\n"})
        done = one.run("trailers", "--yes")
        assert done.code == 0, done.err
        messages = one.repo.git("log", "-3", "--format=%s%n%(trailers:key=Reviewed-by,valueonly)%x00").split("\0")
        assert [RITA in message for message in messages[:3]] == [False, True, True]
