# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the notes of a release, and that its README has valid links."""

import runpy

import pytest
import yaml

from tests.kit.source import ROOT


@pytest.mark.parametrize(
    ("changelog", "text"),
    [
        ("# C\n\n## [Unreleased]\n\n- a\n\n## [0.1.0]\n\n- b\n", "- a\n"),
        (
            "# C\n\n## [Unreleased]\n\n## [0.1.0]\n\n### Added\n\n- b\n",
            "### Added\n\n- b\n",
        ),
        ("# C\n", ""),
    ],
)
def test_release_notes_come_from_the_changelog(changelog: str, text: str) -> None:
    notes = runpy.run_path(str(ROOT / ".ci/release_notes.py"))["notes"]
    assert notes(changelog) == text


def test_links_are_absolute() -> None:
    absolute = runpy.run_path(str(ROOT / "packaging/metadata.py"))["with_absolute_links"]
    text = "![demo](docs/a.svg) [c](CONTRIBUTING.md) [d](https://x.org) [e](#f)"
    assert absolute(text, "1.0", "https://h.org/p") == (
        "![demo](https://h.org/p/raw/v1.0/docs/a.svg)"
        " [c](https://h.org/p/blob/v1.0/CONTRIBUTING.md) [d](https://x.org) [e](#f)"
    )
    assert absolute(text, "1.0", "") == text


def test_only_the_publish_job_may_publish() -> None:
    flow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
    assert flow["permissions"] == {"contents": "read"}
    publish = flow["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"] == "pypi"
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text()
