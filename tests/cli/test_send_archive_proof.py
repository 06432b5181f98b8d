# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a message counts as archived only if the archive returns the message.

A response with status 200 is not sufficient.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.smtp import Faults, FaultySink
from tests.kit.topics import topic, unpacked
from tests.kit.web_server import run_web_server

CHALLENGE = (
    b"<!doctype html><html><head><title>Making sure you&#39;re not a"
    b" bot!</title></head><body>Loading...</body></html>\n"
)


@contextmanager
def serve_body(body: bytes) -> Iterator[str]:
    """Run a web server that always sends status 200 and this body; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with run_web_server(Handler) as address:
        yield f"{address}/all/"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ("challenge", 4),
        ("nothing", 4),
        ("another mail", 4),
        ("the Message-ID from somebody else", 4),
        ("a page that quotes the Message-ID", 4),
        ("the mail", 0),
    ],
)
def test_only_archived_message_proves_delivery(tmp_path: Path, form: str, code: int) -> None:
    with FaultySink(Faults(close_after_data=1)) as server:
        repo = topic(tmp_path / "r", 1, server=server)
        arguments = (
            "send",
            "-C",
            repo.path,
            "--to",
            "l@lists.example.org",
            "--force",
            "x",
            "--yes",
        )
        assert call(*arguments).code == 4
        server.faults.heal()
        mail = unpacked(server.take()[0])
        name = next(line for line in mail.split(b"\n") if line.lower().startswith(b"message-id:"))
        body = {
            "challenge": CHALLENGE,
            "nothing": b"",
            "another mail": mail.replace(name, b"Message-ID: <other@example.org>"),
            "the Message-ID from somebody else": mail.replace(
                b"From: Ada Fixer <ada@", b"From: Eve <eve@"
            ),
            "a page that quotes the Message-ID": (
                CHALLENGE + name + b"\nFrom: Ada Fixer <ada@example.org>\n\n"
            ),
            "the mail": mail,
        }[form]
        with serve_body(body) as url:
            repo.git("config --global patchpilot.lore", url)
            outcome = call(*arguments, "--resume")
        assert outcome.code == code, outcome.out + outcome.err
        assert len(server.take()) == 1
