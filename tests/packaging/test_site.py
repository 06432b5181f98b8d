# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `make docs` fails if a page of the documentation loads something from another host."""

import runpy

import pytest
import yaml

from tests.kit.source import ROOT

LOCAL = runpy.run_path(str(ROOT / ".ci/local_scripts.py"))["local"]


def test_site_runs_only_our_script() -> None:
    page = '<script src="https://unpkg.com/iframe-worker/shim"></script>'
    assert LOCAL(page, "../") == ('<script src="../assets/worker-from-disk.js"></script>')
    assert (ROOT / "docs/assets/worker-from-disk.js").exists()


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        "<img alt=x src=http://example.org/x.png>",
    ],
)
def test_external_resource_fails_the_build(page: str) -> None:
    with pytest.raises(ValueError, match="elsewhere"):
        LOCAL(page, "")


def test_external_links_are_unchanged() -> None:
    page = '<a href="https://lore.kernel.org/">lore</a>'
    assert LOCAL(page, "") == page


def test_fonts_are_not_fetched() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert config["theme"]["font"] is False
