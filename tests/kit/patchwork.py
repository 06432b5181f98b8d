# SPDX-License-Identifier: GPL-2.0-or-later
"""A patchwork for tests: the part of the REST API, version 1.3, that lists patches by Message-ID
and a patch's checks.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PROJECT = "demo"
Checks = Sequence[tuple[str, str, str]]


class Patchwork:
    """Patches of one project.

    `url` is its address, as a project's file names it, `asked` are the paths that were read.
    """

    def __init__(self, server: str) -> None:
        self.server = server
        self.url = f"{server}/project/{PROJECT}"
        self.asked: list[str] = []
        self.target_url: object = "https://ci.example.org/"
        self._patches: list[dict[str, Any]] = []
        self._checks: dict[int, list[dict[str, Any]]] = {}

    def add(self, message_id: str, state: str, checks: Checks = ()) -> None:
        """Take in a patch with its checks (context, state, description)."""
        number = len(self._patches) + 1
        place = f"{self.server}/api/1.3/patches/{number}/"
        self._checks[number] = [
            {
                "id": at,
                "url": f"{place}checks/{at}/",
                "user": {"id": 1, "username": "ci"},
                "date": f"2024-03-05T{at % 24:02}:00:00",
                "state": outcome,
                "target_url": self.target_url,
                "context": context,
                "description": description,
            }
            for at, (context, outcome, description) in enumerate(checks)
        ]
        self._patches.append(
            {
                "id": number,
                "url": place,
                "web_url": f"{self.url}/patch/{message_id}/",
                "project": {"id": 1, "name": PROJECT, "link_name": PROJECT},
                "msgid": f"<{message_id}>",
                "date": "2024-03-05T09:00:00",
                "name": "demo",
                "commit_ref": None,
                "state": state,
                "archived": False,
                "check": "pending",
                "checks": f"{place}checks/",
            }
        )

    def answer(self, path: str) -> Any:
        """The document at a path; None where there is none."""
        self.asked.append(path)
        parts = urlsplit(path)
        folders = parts.path.strip("/").split("/")
        query = parse_qs(parts.query)
        if folders == ["api", "1.3", "patches"]:
            if query.get("project") != [PROJECT]:
                return []
            return [
                it for it in self._patches if it["msgid"] == f"<{query['msgid'][0]}>"
            ]
        if len(folders) == 5 and folders[4] == "checks":
            return self._checks.get(int(folders[3]))
        return None


@contextmanager
def patchwork_server() -> Iterator[Patchwork]:
    """A patchwork on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = patchwork.answer(self.path)
            body = json.dumps(found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    patchwork = Patchwork(f"http://127.0.0.1:{running.server_address[1]}")
    thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield patchwork
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
