# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that messages arrive as they were previewed, and that `git am` recreates the commits.

`python -m tests.lab.delivery_table` tests all cases.
"""

import re
import subprocess
from pathlib import Path

import pytest

from patchpilot.model.mail import join_mbox
from patchpilot.sending.mails import describe_test
from tests.kit.smtp import Sink
from tests.kit.topics import topic, unpacked
from tests.lab.delivery_table import send_and_apply

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")


@pytest.mark.parametrize(
    ("via", "origin", "patches"),
    [
        ("git-send-email", "plain", 5),
        ("git-send-email", "STARTTLS and login", 2),
        ("git-send-email", "TLS and login", 2),
        ("b4", "plain", 5),
        ("b4", "STARTTLS and login", 2),
    ],
)
def test_series_arrives_as_committed(tmp_path: Path, via: str, origin: str, patches: int) -> None:
    result = send_and_apply(tmp_path, via, origin, patches)
    assert result.is_intact(patches), result


def test_described_test_skips_the_cover_letter(tmp_path: Path) -> None:
    with Sink() as sink:
        repo = topic(tmp_path / "r", 2, server=sink)
        repo.patchpilot("draft --cover-subject 'widget: fix two lines' --cover 'Both were wrong.'")
        assert repo.patchpilot("send --to-self --yes --to me@example.org").code == 0
        mails = [unpacked(mail) for mail in sink.take()]
    assert len(mails) == 3
    (tmp_path / "FILE").write_bytes(join_mbox(mails))
    steps = re.search(r"(git worktree add .*), then (git am .*) there;", describe_test("master"))
    assert steps
    add, apply = steps.groups()
    file = tmp_path / "FILE"
    script = f"{add} && cd ../test && {apply.replace('FILE', str(file))}"
    subprocess.run(["sh", "-ec", script], cwd=repo.path, check=True, capture_output=True)
    assert repo.git("diff HEAD", repo.git("-C ../test rev-parse HEAD")) == ""
