# SPDX-License-Identifier: GPL-2.0-or-later
"""Test b4's `prep --check` with patchpilot as the command for each patch."""

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.kit.b4 import run_b4
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED, topic

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("b4") is None, reason="b4 is not installed"
)
PROSE = (
    "Old boards need a moment until the link is up, and the driver uses it too\nearly. Wait for the"
    " link, so that the first transfer does not fail."
)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create a topic enrolled in b4, with the command of `setup hooks b4`.

    One of its patches has findings, and the other one has none.
    """
    repo = topic(tmp_path / "r", 0)
    content = (repo.path / "widget.c").read_text()
    repo.commit(
        f"widget: wait for the link\n\n{PROSE}\n\n{SIGNED}",
        {"widget.c": content.replace("int line3;", "int wait3;")},
    )
    content = (repo.path / "widget.c").read_text()
    repo.commit(
        f"widget: stop the link\n\n{PROSE}\n\n{SIGNED}",
        {"widget.c": content.replace("int line9;", "int stop9;  \nint  x=0 ;")},
    )
    assert repo.patchpilot("setup hooks b4").code == 0
    run_b4(repo, "prep -e master")
    return repo


def test_b4_am_shows_findings(repo: Repo) -> None:
    repo.git(
        "config b4.am-perpatch-check-cmd",
        f"{sys.executable} -m patchpilot check --format checkpatch -",
    )
    mails = [
        mail.replace("Date: ", f"Message-ID: <{number}@example.org>\n{above}Date: ", 1)
        for number, above in ((1, ""), (2, "In-Reply-To: <1@example.org>\n"))
        for mail in [
            repo.git(
                "format-patch --stdout -1 --subject-prefix",
                f"PATCH {number}/2",
                f"HEAD~{2 - number}",
            )
            + "\n\n"
        ]
    ]
    (repo.path / "thread.mbox").write_text("".join(mails))
    outcome = run_b4(repo, "am --check -m thread.mbox -o applied 1@example.org")
    output = (outcome.stdout + outcome.stderr).splitlines()
    position = next(index for index, line in enumerate(output) if "stop the link" in line)
    assert "ERROR:TRAILING_WHITESPACE" in "".join(output[position + 1 :])
    assert not [line for line in output[:position] if "patchpilot: " in line]


def test_b4_errors_are_shown_per_patch(repo: Repo) -> None:
    checked = run_b4(repo, "prep --check")
    output = checked.stdout + checked.stderr
    clean, dirty = (
        next(line for line in output.splitlines() if word in line)
        for word in ("wait for the link", "stop the link")
    )
    index = output.splitlines().index(dirty)
    assert output.splitlines().index(clean) < index
    reports = [line.strip() for line in output.splitlines()[index + 1 :] if line.startswith("  ")]
    assert "TRAILING_WHITESPACE" in "".join(reports)
    assert any("ERROR" in line for line in reports)
    assert "Success: 1," in output
    # any output about the patch without findings would be between these lines
    assert not [
        line
        for line in output.splitlines()[output.splitlines().index(clean) + 1 : index]
        if line.startswith("  ")
    ]


def test_empty_output_is_a_success(repo: Repo) -> None:
    repo.git("reset -q --hard HEAD^")
    checked = run_b4(repo, "prep --check")
    output = checked.stdout + checked.stderr
    assert "Success: 1, Warning: 0, Error: 0" in output
