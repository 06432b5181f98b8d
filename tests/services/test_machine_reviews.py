# SPDX-License-Identifier: GPL-2.0-or-later
"""Reviews that a Sashiko server published: fetched where the settings name it, shown as a machine's
opinion, counted as nobody's review.
"""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from patchpilot.archive import sashiko
from patchpilot.archive.sashiko import read_reviews, server_of
from patchpilot.errors import NetworkError, RefusedError, UsageError
from patchpilot.services.track.machine_reviews import (
    read_machine_reviews,
    update_machine_reviews,
)
from tests.kit.cli import call
from tests.kit.mails import mbox
from tests.reading import story

FINDINGS = json.dumps({"findings": [{"severity": "High"}, {"severity": "odd"}, 7]})


class Server:
    """What the server answers for a Message-ID, and what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.known: dict[str, Any] = {}
        self.asked: list[str] = []
        self.redirect = ""

    def add(self, message_id: str, output: Any, state: Any = "Reviewed") -> None:
        self.known[message_id] = {
            "message_id": message_id,
            "patches": [{"id": 5, "message_id": message_id, "status": state}],
            "reviews": [{"patch_id": 5, "output": output}],
        }


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.asked.append(self.path)
            parts = urlsplit(self.path)
            wanted = parse_qs(parts.query)["id"][0]
            found = known.known.get(wanted) if parts.path == "/api/patchset" else None
            body = json.dumps(found).encode()
            status = 302 if known.redirect else 200 if found is not None else 404
            self.send_response(status)
            if known.redirect:
                self.send_header("Location", known.redirect)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Server(f"http://127.0.0.1:{running.server_address[1]}")
    thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield known
    running.shutdown()
    thread.join()
    running.server_close()


def name_servers(words: str) -> None:
    """Name the servers in the user's git configuration."""
    file = Path.home() / ".gitconfig"
    file.write_text(f"[patchpilot]\n\tmachine-reviews = {words}\n", encoding="utf-8")


@pytest.fixture
def followed(workdir: Path, server: Server) -> Server:
    """A series that waits for a review, and a server that the settings name."""
    (workdir / "m").write_bytes(mbox(story.V2))
    call("track", "add", "--mbox", "m")
    name_servers(server.url)
    return server


def shown() -> dict[str, Any]:
    (series,) = json.loads(call("track", "show", "1", "--format", "json").out)["series"]
    found: dict[str, Any] = series
    return found


def test_an_update_fetches_what_was_published_once_an_hour(followed: Server) -> None:
    before = shown()
    followed.add("v2@example.org", FINDINGS)
    assert call("track", "update").code == 0
    after = shown()
    url = f"{followed.url}/#/patchset/v2%40example.org"
    assert after["machine_reviews"] == [
        {
            "machine": "sashiko",
            "patch": 1,
            "state": "reviewed",
            "findings": {"high": 1, "low": 1},
            "url": url,
        }
    ]
    unchanged = ("state", "next_step", "ci", "review", "replies")
    assert [after[key] for key in unchanged] == [before[key] for key in unchanged]
    words = "sashiko, patch 1: 2 findings (1 high, 1 low)"
    text = call("track", "show", "1").out
    assert f"  machine   {words}; a machine's opinion: {url}" in text.splitlines()
    page = call("track", "export", "--format", "html").out
    assert words in page
    assert "none counts as a reviewer" in page
    call("track", "update")
    assert len(followed.asked) == 1


def test_nothing_is_asked_offline_or_unless_a_setting_names_it(
    followed: Server,
) -> None:
    call("track", "update", "--offline")
    name_servers("")
    call("track", "update")
    assert followed.asked == []


def test_nothing_is_asked_about_a_fix_that_is_not_public(followed: Server) -> None:
    secret: Any = SimpleNamespace(
        undisclosed=True, entry=SimpleNamespace(message_id="v2@example.org")
    )
    assert update_machine_reviews((secret,)) == ()
    with pytest.raises(RefusedError):
        read_machine_reviews(secret, [followed.url])
    assert followed.asked == []


def test_a_server_that_does_not_answer_is_a_warning(followed: Server) -> None:
    name_servers("http://127.0.0.1:9")
    outcome = call("track", "update")
    assert outcome.code == 0
    assert "warning: http://127.0.0.1:9/api/patchset" in outcome.err
    assert "could not be read" in outcome.err


@pytest.mark.parametrize(
    ("output", "findings"),
    [
        (json.dumps({"findings": []}), {}),
        (None, None),
        ("not json", None),
        ("[" * 100_000, None),
        (json.dumps({"findings": "many"}), None),
        (json.dumps({"findings": [{"severity": "Low"}] * 5000}), {"low": 200}),
        ({"findings": [{"severity": "Low"}]}, None),
    ],
)
def test_the_findings_of_a_hostile_server(
    server: Server, output: object, findings: object
) -> None:
    server.add("m@example.org", output, state="x" * 1000)
    ((_, state, found),) = read_reviews(server.url, "m@example.org")
    assert (len(state), found) == (60, findings)


def test_what_a_server_does_not_have_is_no_error(server: Server) -> None:
    assert read_reviews(server.url, "other@example.org") == ()
    server.known["m@example.org"] = {"patches": [7, {"id": "x"}, {}], "reviews": {}}
    assert read_reviews(server.url, "m@example.org") == ()


def test_an_answer_that_is_none_is_an_error(server: Server) -> None:
    server.known["m@example.org"] = ["no", "object"]
    with pytest.raises(NetworkError, match="does not answer like a Sashiko server"):
        read_reviews(server.url, "m@example.org")
    server.redirect = f"{server.url}/api/patchset?id=other"
    with pytest.raises(NetworkError, match="redirects to another address"):
        read_reviews(server.url, "m@example.org")
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "place",
    ["http://reviews.example.org", "file:///etc", "https://a:b@c.org", "https://"],
)
def test_a_server_is_asked_over_https_only(place: str) -> None:
    with pytest.raises(UsageError):
        server_of(place)
    assert sashiko.server_of("https://sashiko.dev/") == "https://sashiko.dev"
