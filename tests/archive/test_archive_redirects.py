# SPDX-License-Identifier: GPL-2.0-or-later
"""Test to which servers an archive may redirect: pairs of schemes, hosts and ports."""

import itertools

import pytest
from requests.exceptions import InvalidURL

from patchpilot.archive.archive import _check_redirect

SERVERS = {
    ("http", "a.example", 80): ("http://a.example/x", "http://a.example:80/x"),
    ("https", "a.example", 443): ("https://a.example/x", "https://a.example:443/x"),
    ("http", "a.example", 8080): ("http://a.example:8080/x",),
    ("https", "a.example", 8443): ("https://a.example:8443/x",),
    ("https", "a.example", 80): ("https://a.example:80/x",),
    ("http", "a.example", 443): ("http://a.example:443/x",),
    ("https", "b.example", 443): ("https://b.example/x",),
}
PAIRS = [*itertools.product(SERVERS, SERVERS)]


def is_allowed(old: tuple[str, str, int], new: tuple[str, str, int]) -> bool:
    has_same_port = old[2] == new[2] or (old[2], new[2], new[0]) == (80, 443, "https")
    return has_same_port and old[1] == new[1] and new[0] in ("https", old[0])


@pytest.mark.parametrize("hosts", [(), ("a.example",)])
def test_redirect_stays_on_the_server(hosts: tuple[str, ...]) -> None:
    wrong = []
    for old, new in PAIRS:
        if hosts and old[1] != new[1]:
            continue
        for url, target in itertools.product(SERVERS[old], SERVERS[new]):
            try:
                _check_redirect(url, target, hosts)
            except InvalidURL:
                result = False
            else:
                result = True
            if result is not is_allowed(old, new):
                wrong.append((url, target, result))
    assert wrong == []


def test_redirect_to_an_invalid_port_is_refused() -> None:
    with pytest.raises(InvalidURL):
        _check_redirect("http://a.example/", "http://a.example:99999/", ())
