# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a project may list tags of its own."""

import pytest

from patchpilot.checking.driver import Driver
from patchpilot.lint.lint_context import Options
from tests.kit.snippets import HUNK, PATH, PROSE, SIGN_OFF, build_file_diff, mail

TAG = "Helped-by: Bo Reader <bo@example.org>"


@pytest.mark.parametrize(
    ("profile", "compat", "expected"),
    [("linux", False, True), ("git", False, False), ("git", True, True)],
)
def test_tag_of_the_project_is_known(profile: str, *, compat: bool, expected: bool) -> None:
    text = mail("frob: wait", f"{PROSE}\n\n{TAG}\n{SIGN_OFF}", build_file_diff(PATH, HUNK))
    options = Options(profile=profile, checkpatch_compat=compat)
    (checked,) = Driver(options).check_mails([text.encode()]).patches
    assert ("unknown-tag" in {finding.name for finding in checked.findings}) is expected
