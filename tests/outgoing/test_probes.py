# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a wrong clock is detected."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

from patchpilot.archive.web_session import WebSession
from patchpilot.outgoing import probes
from tests.kit.web_server import run_web_server


def test_wrong_clock_is_detected() -> None:
    class Handler(BaseHTTPRequestHandler):
        off, status = timedelta(0), 200

        def do_HEAD(self) -> None:
            self.send_response_only(self.status)
            self.send_header("Date", format_datetime(datetime.now(UTC) - self.off))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with run_web_server(Handler) as address:
        url = f"{address}/all"
        assert {
            probe.name: probe.state for probe in probes.probe_archive_and_clock(url, WebSession)
        } == {
            "archive": "ok",
            "clock": "ok",
        }
        Handler.off, Handler.status = timedelta(hours=2), 503
        results = {probe.name: probe for probe in probes.probe_archive_and_clock(url, WebSession)}
        assert (results["archive"].state, results["clock"].state) == ("warn", "warn")
        assert "120 minutes fast" in results["clock"].message
