# SPDX-License-Identifier: GPL-2.0-or-later
"""Serve threads, messages and searches from memory on loopback, like public-inbox."""

import gzip
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote

from patchpilot.commits.git_command import git
from patchpilot.model.hosts import split_url
from patchpilot.model.mail import Mail, join_mbox, parse_mail
from patchpilot.reading.mbox import arrival_time

_TERM = re.compile(
    r'\s*(?:(?P<op>AND|OR|NOT)\b|(?P<open>\()|(?P<close>\))|(?:(?P<field>[a-z]+):)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s()"]+)))'
)

_IN_FEED = 25


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP response: status, body, and the target of a redirect."""

    status: int
    body: bytes = b""
    location: str | None = None


class StandIn:
    """The archive server.

    A thread serves the messages from `add` at `url` until the server is closed.
    """

    def __init__(self, name: str = "demo") -> None:
        self.name = name
        self._mails: dict[str, Mail] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/{name}"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            daemon=True,
        )
        self._thread.start()

    def add(self, *mails: bytes) -> None:
        """Store messages; like real archives, reject messages without a Message-ID."""
        with self._lock:
            for raw in mails:
                mail = parse_mail(raw)
                if mail.message_id:
                    self._mails.setdefault(mail.message_id, mail)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, method: str, target: str) -> HttpAnswer:
        parts = split_url(target)
        folders = [part for part in parts.path.split("/") if part]
        query = parse_qs(parts.query)
        if not folders or folders[0] != self.name:
            target_id = unquote(folders[0]) if folders else ""
            if target_id in self._mails:
                return HttpAnswer(302, location=f"/{self.name}/{folders[0]}/")
            return HttpAnswer(404)
        if len(folders) == 1:
            return self._search(method, query, None)
        if folders[1] == "new.atom":
            return HttpAnswer(200, self._newest())
        message_id = unquote(folders[1])
        with self._lock:
            mail = self._mails.get(message_id)
        if len(folders) == 2 and query.get("x") == ["m"]:
            return self._search(method, query, message_id)
        if mail is None:
            return HttpAnswer(404)
        page = folders[2] if len(folders) > 2 else ""
        if page == "raw":
            return HttpAnswer(200, b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail.raw)
        if page in ("t.mbox.gz", "t.mbox"):
            return HttpAnswer(200, gzip.compress(_make_mbox(self._find_thread(message_id))))
        return HttpAnswer(200, b"<html><pre>a mail</pre></html>")

    def _newest(self) -> bytes:
        with self._lock:
            arrival_times = sorted(
                filter(None, map(arrival_time, self._mails.values())), reverse=True
            )[:_IN_FEED]
        return "".join(
            f"<entry><updated>{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</updated></entry>"
            for time in arrival_times
        ).encode()

    def _search(
        self, method: str, query: dict[str, list[str]], message_id: str | None
    ) -> HttpAnswer:
        query_text = query.get("q", [""])[0]
        if query.get("x") != ["m"] or method != "POST" or not query_text:
            return HttpAnswer(200, b"<html><pre>an archive</pre></html>")
        with self._lock:
            mails = list(self._mails.values())
        if message_id is not None:
            mails = self._find_thread(message_id)
        matching_mails = [mail for mail in mails if matches_query(query_text, mail)]
        if "1" in query.get("t", ()):
            threads = {
                mail.message_id: mail
                for match in matching_mails
                for mail in self._find_thread(match.message_id)
            }
            matching_mails = list(threads.values())
        if matching_mails:
            return HttpAnswer(200, gzip.compress(_make_mbox(matching_mails)))
        return HttpAnswer(404)

    def _find_thread(self, message_id: str) -> list[Mail]:
        """Return every message in the thread, following In-Reply-To and References."""
        with self._lock:
            mails = list(self._mails.values())
        links: dict[str, set[str]] = {}
        for mail in mails:
            for related_id in (mail.in_reply_to, *mail.references):
                if related_id:
                    links.setdefault(mail.message_id, set()).add(related_id)
                    links.setdefault(related_id, set()).add(mail.message_id)
        thread_ids, pending_ids = {message_id}, [message_id]
        while pending_ids:
            for related_id in links.get(pending_ids.pop(), ()):
                if related_id not in thread_ids:
                    thread_ids.add(related_id)
                    pending_ids.append(related_id)
        return [mail for mail in mails if mail.message_id in thread_ids]


def matches_query(query: str, mail: Mail) -> bool:
    """Return whether a message matches a public-inbox query.

    The query may contain prefixes such as `s: f: b: …`, phrases, AND, OR, NOT and parentheses;
    adjacent terms are joined with AND.
    """
    terms = [match.groupdict() for match in _TERM.finditer(query)]

    def evaluate_or(index: int) -> tuple[bool, int]:
        value, index = evaluate_and(index)
        while index < len(terms) and terms[index]["op"] == "OR":
            right_value, index = evaluate_and(index + 1)
            value = value or right_value
        return value, index

    def evaluate_and(index: int) -> tuple[bool, int]:
        value = True
        while index < len(terms) and terms[index]["op"] != "OR" and not terms[index]["close"]:
            is_negated = False
            while index < len(terms) and terms[index]["op"] in ("AND", "NOT"):
                is_negated, index = terms[index]["op"] == "NOT", index + 1
            if index >= len(terms):
                break
            if terms[index]["open"]:
                operand, index = evaluate_or(index + 1)
            else:
                operand = _matches_term(terms[index], mail)
            index += 1
            value = value and operand is not is_negated
        return value, index

    return evaluate_or(0)[0]


def _matches_term(term: dict[str, Any], mail: Mail) -> bool:
    field = term["field"] or ""
    to_and_cc = [*mail.to, *mail.cc]
    addresses = {
        "f": [mail.sender],
        "t": mail.to,
        "c": mail.cc,
        "tc": to_and_cc,
        "a": [mail.sender, *to_and_cc],
    }
    field_texts = {
        "s": mail.subject,
        **dict.fromkeys(("b", "nq", "dfb", "dfa"), mail.body),
        **{name: " ".join(map(str, mailboxes)) for name, mailboxes in addresses.items()},
    }
    phrase = str(term["phrase"] if term["phrase"] is not None else term["word"])
    if field == "m":
        return mail.message_id == phrase
    if field == "rt":
        return _was_received(phrase, mail)
    if field == "patchid":
        return phrase in git(None, "patch-id", "--stable", stdin=mail.raw).text
    if field in ("d", "dt"):
        is_open = re.fullmatch(r"\d{8}\.\.", phrase) is None
        return is_open or bool(mail.date and f"{mail.date:%Y%m%d}.." >= phrase)
    text = field_texts.get(field, f"{mail.subject} {mail.body} {mail.sender}")
    prefix = phrase.endswith("*")
    words = re.findall(r"\w+", phrase.lower())
    if not words:
        return False
    pattern = r"\b" + r"\W+".join(map(re.escape, words)) + (r"\w*" if prefix else r"\b")
    return bool(re.search(pattern, text.lower()))


def _was_received(time_range: str, mail: Mail) -> bool:
    """Return whether a message was received within a time range.

    Both limits are in seconds, and either may be empty.
    """
    first, _, last = time_range.partition("..")
    received_at = arrival_time(mail)
    return received_at is not None and float(first or 0) <= received_at.timestamp() <= float(
        last or "inf"
    )


def _make_mbox(mails: Iterable[Mail]) -> bytes:
    return join_mbox(mail.raw for mail in mails)


def _make_handler(archive: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply(archive.answer("GET", self.path))

        def do_HEAD(self) -> None:
            self._reply(archive.answer("GET", self.path), body=False)

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "0")
            body = self.rfile.read(min(int(length), 1 << 20) if length.isdigit() else 0)
            # in public-inbox, a POST with `x=m` searches for full threads
            self._reply(
                archive.answer("POST", f"{self.path}&t=1" if body.startswith(b"x=m") else self.path)
            )

        def _reply(self, answer: HttpAnswer, *, body: bool = True) -> None:
            self.send_response(answer.status)
            if answer.location:
                self.send_header("Location", answer.location)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if body:
                self.wfile.write(answer.body)

        # http.server defines the parameter's name
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            del format, args

    return Handler
