# SPDX-License-Identifier: GPL-2.0-or-later
"""An address given on the command line is one line, and stands where it was meant to."""

from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic


@pytest.mark.parametrize("option", ["--to", "--cc"])
@pytest.mark.parametrize(
    "text", ["a@example.org\nBcc: eve@example.org", "a@example.org\r\n", "Ada\x1b[31m <a@example.org>", "a@b.c\u2028e@x.org"]
)
def test_a_line_break_in_an_address_is_refused(tmp_path: Path, option: str, text: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        done = call("send", "-C", repo.path, "--to", "l@lists.example.org", option, text, "--yes", "--force", "x")
        assert server.take() == ()
    assert done.code == 2
    assert f"{option}: an address is one line" in done.err
    assert "Bcc: eve@example.org\n" not in done.err


def test_a_line_break_in_a_dropped_address_is_refused(tmp_path: Path) -> None:
    done = call("send", "-C", topic(tmp_path / "r", 1).path, "--resume", "--drop", "a@example.org\nb@example.org")
    assert (done.code, "--drop: an address is one line" in done.err) == (2, True)


@pytest.mark.parametrize("option", ["--add-to", "--add-cc", "--drop", "--restore"])
def test_a_line_break_in_an_address_is_not_kept_with_the_topic(tmp_path: Path, option: str) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.put("MAINTAINERS", "List of maintainers\n-------------------\n\nTHE REST\nL:\tlinux-kernel@vger.kernel.org\nF:\t*\nF:\t*/\n")
    done = call("maintainers", "-C", repo.path, option, "a@example.org\nBcc: eve@example.org")
    assert (done.code, f"{option}: an address is one line" in done.err) == (2, True)
    assert "a@example.org" not in call("maintainers", "-C", repo.path).out


def test_dropping_somebody_who_is_not_in_the_plan_is_said(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.put("MAINTAINERS", "List of maintainers\n-------------------\n\nTHE REST\nL:\tlinux-kernel@vger.kernel.org\nF:\t*\nF:\t*/\n")
    done = call("maintainers", "-C", repo.path, "--drop", "no@such.example.org", "--drop", "linux-kernel@vger.kernel.org")
    assert done.code == 0
    assert "no@such.example.org is not in this plan" in done.err
    assert "linux-kernel@vger.kernel.org is not" not in done.err
    assert "is not in this plan" not in call("maintainers", "-C", repo.path, "--drop", "linux-kernel@vger.kernel.org").err
    assert "is not in this plan" not in call("maintainers", "-q", "-C", repo.path, "--drop", "no@such.example.org").err
    added = call("maintainers", "-C", repo.path, "--add-cc", "no@such.example.org")
    assert "no@such.example.org" in added.out
    assert "is not in this plan" not in call("maintainers", "-C", repo.path, "--drop", "no@such.example.org").err
