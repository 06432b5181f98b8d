# SPDX-License-Identifier: GPL-2.0-or-later
"""Test queries to a patchwork server: a real HTTP server on loopback that answers as patchwork."""

from collections.abc import Iterator

import pytest

from patchpilot.archive.patchwork import PatchworkServer, parse_patchwork_address
from patchpilot.errors import NetworkError
from patchpilot.reading.patchwork_checks import CheckState, PatchworkPatch
from tests.kit.patchwork import Patchwork, serve_patchwork

ID = "p+1/x@example.org"


@pytest.fixture
def patchwork() -> Iterator[Patchwork]:
    with serve_patchwork() as server:
        yield server


def fetch(server: Patchwork, path: str = "", *message_ids: str) -> tuple[PatchworkPatch, ...]:
    with PatchworkServer(server.url + path) as client:
        return client.fetch(message_ids or (ID,))


def test_patch_is_found_by_its_message_id(patchwork: Patchwork) -> None:
    patchwork.add_patch("other@example.org")
    number = patchwork.add_patch(ID, state="under-review")
    patchwork.add_check(number, "build_clang", "fail")
    (patch,) = fetch(patchwork)
    assert (patch.message_id, patch.project, patch.state) == (ID, "demo", "under-review")
    (check,) = patch.checks
    assert (check.context, check.state, check.by) == ("build_clang", CheckState.FAIL, "robot")
    assert check.address == "https://ci.example.org/build_clang"
    assert check.date
    assert check.date.isoformat() == "2024-03-04T10:00:00.123456+00:00"
    assert all(request.startswith("GET /api/patches/") for request in patchwork.requests)
    assert fetch(patchwork, "", "unknown@example.org") == ()


def test_project_page_limits_the_answer(patchwork: Patchwork) -> None:
    patchwork.add_patch(ID, project="one")
    patchwork.add_patch(ID, project="two")
    assert [patch.project for patch in fetch(patchwork)] == ["one", "two"]
    for path in ("/project/two", "/project/two/list/"):
        assert [patch.project for patch in fetch(patchwork, path)] == ["two"]
    assert parse_patchwork_address("https://a.example/pw/") == ("https://a.example/pw", "")


def test_all_pages_are_read_from_the_same_server(patchwork: Patchwork) -> None:
    number = patchwork.add_patch(ID)
    for position in range(600):
        patchwork.add_check(number, f"test-{position}", "success")
    (patch,) = fetch(patchwork)
    assert len(patch.checks) == 600


def test_server_that_ignores_the_query_gives_no_other_patch(patchwork: Patchwork) -> None:
    patchwork.body = b'[{"id": 1, "msgid": "<other@example.org>", "state": "accepted"}]'
    assert fetch(patchwork) == ()


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"<html>login</html>", 200, "not a patchwork server"),
        (b'{"detail": "x"}', 200, "not a patchwork server"),
        (b"[" * 100_000, 200, "not a patchwork server"),
        (b"[" + b"9" * 5000 + b"]", 200, "not a patchwork server"),
        (b"\xff\xfe", 200, "not a patchwork server"),
        (b"[" + b'"x",' * 2_000_000 + b"1]", 200, "larger than 4 MiB"),
        (b"[]", 404, "HTTP status 404"),
        (b"[]", 403, "HTTP status 403"),
    ],
)
def test_other_answers_are_errors(
    patchwork: Patchwork, body: bytes, status: int, reason: str
) -> None:
    patchwork.body, patchwork.status = body, status
    with pytest.raises(NetworkError, match=reason):
        fetch(patchwork)


def test_redirect_to_another_host_is_not_followed(patchwork: Patchwork) -> None:
    patchwork.body, patchwork.status = b"", 302
    patchwork.headers = {"Location": "http://evil.invalid/api/patches/"}
    with pytest.raises(NetworkError, match="redirects to another host"):
        fetch(patchwork)


def test_unreachable_server_is_an_error(patchwork: Patchwork) -> None:
    patchwork.close()
    with pytest.raises(NetworkError, match="cannot be reached: connection refused"):
        fetch(patchwork)


def test_slow_server_ends_the_query(patchwork: Patchwork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchpilot.archive.patchwork.MAX_SECONDS", -1.0)
    with pytest.raises(NetworkError, match="is slow"):
        fetch(patchwork)
    assert patchwork.requests == []
