# SPDX-License-Identifier: GPL-2.0-or-later
"""Serve the part of patchwork's REST API (1.2) that patchpilot reads, on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_PAGE, _MAX_PAGE = 30, 250


class Patchwork:
    """A patchwork server with patches and checks, which the test adds.

    `requests` lists the methods and targets of all requests. If `body` is set, it answers each
    request with it and with `status`.
    """

    def __init__(self) -> None:
        self._patches: list[dict[str, Any]] = []
        self._checks: dict[int, list[dict[str, Any]]] = {}
        self.requests: list[str] = []
        self.body: bytes | None = None
        self.status = 200
        self.headers: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self))
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add_patch(self, message_id: str, project: str = "demo", state: str = "new") -> int:
        number = len(self._patches) + 1
        self._patches.append(
            {
                "id": number,
                "url": f"{self.url}/api/1.2/patches/{number}/",
                "project": {"id": 1, "name": project.title(), "link_name": project},
                "msgid": f"<{message_id}>",
                "name": "a patch",
                "state": state,
                "check": "pending",
                "checks": f"{self.url}/api/1.2/patches/{number}/checks/",
            }
        )
        self._checks[number] = []
        return number

    def set_state(self, number: int, state: str) -> None:
        self._patches[number - 1]["state"] = state

    def add_check(self, number: int, context: str, state: str, **fields: object) -> None:
        check = {
            "id": 1 + sum(map(len, self._checks.values())),
            "user": {"id": 1, "username": "robot", "email": "robot@example.org"},
            "date": "2024-03-04T10:00:00.123456",
            "state": state,
            "target_url": f"https://ci.example.org/{context}",
            "context": context,
            "description": f"{context}: {state}",
        }
        self._checks[number].append(check | fields)

    def answer(self, target: str) -> tuple[int, bytes, dict[str, str]]:
        """Return the status, body and headers of the answer to GET."""
        if self.body is not None:
            return self.status, self.body, self.headers
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        folders = [folder for folder in parts.path.split("/") if folder]
        if folders == ["api", "patches"]:
            entries = [
                patch
                for patch in self._patches
                if patch["msgid"] == f"<{query['msgid']}>"
                and query.get("project") in (None, patch["project"]["link_name"])
            ]
        elif folders[:2] == ["api", "patches"] and folders[3:] == ["checks"]:
            if int(folders[2]) not in self._checks:
                return 404, b'{"detail": "Not found."}', {}
            entries = self._checks[int(folders[2])]
        else:
            return 404, b"<html>not found</html>", {}
        size = min(int(query.get("per_page", _PAGE)), _MAX_PAGE)
        page = int(query.get("page", 1))
        more = len(entries) > page * size
        headers = {"Link": f'<http://evil.invalid/?page={page + 1}>; rel="next"'} if more else {}
        return 200, json.dumps(entries[(page - 1) * size : page * size]).encode(), headers


@contextmanager
def serve_patchwork() -> Iterator[Patchwork]:
    server = Patchwork()
    try:
        yield server
    finally:
        server.close()


def _make_handler(server: Patchwork) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.requests.append(f"{self.command} {self.path}")
            status, body, headers = server.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        # http.server defines the parameter's name
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            del format, args

    return Handler
