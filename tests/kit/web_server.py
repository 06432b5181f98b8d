# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a web server on loopback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_POLL_INTERVAL = 0.02
"""Seconds between checks whether to stop. Each server that a test starts waits this long at most,
and half a second by default.
"""


@contextmanager
def run_web_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Answer requests on a free port. Yield the server's address without a slash at its end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(_POLL_INTERVAL,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
