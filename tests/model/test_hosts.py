# SPDX-License-Identifier: GPL-2.0-or-later
"""Test splitting untrusted URLs. An invalid URL has no parts."""

import ast

import pytest

from patchpilot.model.hosts import quote_url, split_url, url_host
from tests.kit.source import SOURCE, trees

SPLITTERS = {"urlsplit", "urlparse", "urljoin", "quote", "quote_plus"}


@pytest.mark.parametrize(
    "url", ["http://[::1/", "http://]", "http://[x]/", "", "\0", "http://", "9" * 5000]
)
def test_invalid_url_has_no_host(url: str) -> None:
    assert url_host(url) == ""


def test_host_is_lower_case() -> None:
    assert url_host(" HTTPS://Lore.Kernel.Org:443/all/ ") == "lore.kernel.org"
    assert split_url("../b", "http://a.org/x/y").geturl() == "http://a.org/b"


def test_non_utf_8_bytes_are_quoted() -> None:
    assert quote_url("a\udcff/\u00fc@b", safe="@") == "a%FF%2F%C3%BC@b"


def test_only_one_module_parses_urls() -> None:
    locations = [
        f"{file.relative_to(SOURCE)}:{node.lineno}"
        for file, tree in trees("urllib")
        if file.name != "hosts.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "urllib.parse"
        and SPLITTERS & {alias.name for alias in node.names}
    ]
    assert not locations, f"use patchpilot.model.hosts instead: {', '.join(locations)}"
