# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that an address in an option must be a single line and is used only as intended."""

from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic


@pytest.mark.parametrize("option", ["--to", "--cc"])
@pytest.mark.parametrize(
    "text",
    [
        "a@example.org\nBcc: eve@example.org",
        "a@example.org\r\n",
        "Ada\x1b[31m <a@example.org>",
        "a@b.c\u2028e@x.org",
    ],
)
def test_line_break_in_an_address_is_refused(tmp_path: Path, option: str, text: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        outcome = repo.patchpilot(
            "send --to l@lists.example.org", option, text, "--yes", "--force", "x"
        )
        assert server.take() == ()
    outcome.expect(2, f"{option}: ", "is not one line of printable text")
    assert "Bcc: eve@example.org\n" not in outcome.err


def test_line_break_in_a_dropped_address_is_rejected(tmp_path: Path) -> None:
    outcome = topic(tmp_path / "r", 1).patchpilot(
        "send --resume --drop", "a@example.org\nb@example.org"
    )
    outcome.expect(2, "is not one line of printable text")


@pytest.mark.parametrize("option", ["--add-to", "--add-cc", "--drop", "--restore"])
def test_address_with_a_line_break_is_not_stored(tmp_path: Path, option: str) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.put(
        "MAINTAINERS",
        "List of maintainers\n"
        "-------------------\n"
        "\nTHE REST\n"
        "L:\tlinux-kernel@vger.kernel.org\n"
        "F:\t*\n"
        "F:\t*/\n",
    )
    outcome = repo.patchpilot("maintainers", option, "a@example.org\nBcc: eve@example.org")
    outcome.expect(2, "is not one line of printable text")
    assert "a@example.org" not in repo.patchpilot("maintainers").out


def test_dropping_unplanned_recipient_is_reported(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.put(
        "MAINTAINERS",
        "List of maintainers\n"
        "-------------------\n"
        "\nTHE REST\n"
        "L:\tlinux-kernel@vger.kernel.org\n"
        "F:\t*\n"
        "F:\t*/\n",
    )
    outcome = repo.patchpilot(
        "maintainers --drop no@such.example.org --drop linux-kernel@vger.kernel.org"
    )
    outcome.expect(0, "no@such.example.org is not among the recipients")
    assert "linux-kernel@vger.kernel.org is not" not in outcome.err
    assert (
        "is not in this plan"
        not in repo.patchpilot("maintainers --drop linux-kernel@vger.kernel.org").err
    )
    assert (
        "is not in this plan"
        not in repo.patchpilot("maintainers -q --drop no@such.example.org").err
    )
    added_outcome = repo.patchpilot("maintainers --add-cc no@such.example.org")
    assert "no@such.example.org" in added_outcome.out
    assert (
        "is not in this plan" not in repo.patchpilot("maintainers --drop no@such.example.org").err
    )


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("Ümit Ö <umit@bücher.example>", "umit@xn--bcher-kva.example"),
        ("b@host.test", "b@host.test"),
        ("c@[192.0.2.1]", "c@[192.0.2.1]"),
    ],
)
def test_unusual_address_is_normalized(tmp_path: Path, address: str, wire: str) -> None:
    repo = topic(tmp_path / "r", 1)
    outcome = repo.patchpilot(
        "send --no-auto --to", address, "--outbox", tmp_path / "out", "--force", "x"
    )
    assert outcome.code == 0, outcome.err
    (mail,) = (tmp_path / "out").iterdir()
    (line,) = [line for line in mail.read_text().split("\n") if line.startswith("To: ")]
    assert wire in line
    assert line.isascii()
    assert ("doubtful-address" in outcome.out) is ("bücher" not in address)


@pytest.mark.parametrize("address", ["münchen@example.org", "bad..dots@example.org", "nobody@"])
def test_undeliverable_address_is_rejected_before_sending(tmp_path: Path, address: str) -> None:
    repo = topic(tmp_path / "r", 1)
    outcome = repo.patchpilot(
        "send --no-auto --to", address, "--outbox", tmp_path / "out", "--force", "x"
    )
    assert (outcome.code, outcome.out, (tmp_path / "out").exists()) == (2, "", False)


def test_intranet_address_needs_transport_support(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        arguments = (
            "send",
            "-C",
            repo.path,
            "--no-auto",
            "--to",
            "ada@intranet",
            "--force",
            "x",
        )
        failure = call(*arguments, "--outbox", tmp_path / "one")
        result = call(*arguments, "--via", "b4", "--outbox", tmp_path / "two")
    assert (failure.code, result.code) == (2, 0), (failure.err, result.err)
    assert "--via b4" in failure.err
    assert any("To: ada@intranet" in mail.read_text() for mail in (tmp_path / "two").iterdir())
