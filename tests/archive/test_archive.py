# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that public-inbox and the stub archive give the same results, and that errors name their
cause.
"""

import email.charset
import gzip
import http.server
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from patchpilot.archive import archive as module
from patchpilot.archive.archive import Archive, find_archive_url, quote_phrase
from patchpilot.archive.collect_mails import collect_series_mails, find_posted_series
from patchpilot.archive.open_archive import open_archive
from patchpilot.errors import CancelledError, MissingError, NetworkError, UsageError
from patchpilot.model.mail import Mail, parse_message_id
from patchpilot.reading import mbox as mbox_module
from patchpilot.reading.read_thread import read_thread
from tests.kit import story
from tests.kit.archive import LOCAL, SERVED, serve_archive
from tests.kit.mails import (
    ADA,
    MATT,
    build_described_mail,
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
)
from tests.kit.story import SHA, TITLE
from tests.kit.web_server import run_web_server


def make_valve_patch(
    subject: str, message_id: str, days: int, author: str = ADA, **options: str
) -> bytes:
    """Return a patch to the valve without references to other versions."""
    return build_patch_mail(
        subject, id=message_id, author=author, minutes=days * 24 * 60, **options
    ).replace(b"demo/pump.c", b"demo/valve.c")


OPENED, STUCK = (
    "demo: valve: open it before the pump starts",
    "demo: valve: bail out when it is stuck",
)
YEARS = (
    make_valve_patch(f"[RFC PATCH] {OPENED}", "w1", 400, "Ada Fixer <ada@old.example.com>"),
    make_valve_patch(f"[RFC PATCH v2] {OPENED}", "w2", 410, "Ada Fixer <ada@old.example.com>"),
    make_valve_patch(f"[PATCH v3] {STUCK}", "w3", 700),
    build_reply(
        f"[PATCH v3] {STUCK}",
        "Please name the boards.",
        id="w3r",
        reply_to="w3",
        minutes=701 * 24 * 60,
    ),
    make_valve_patch(f"[PATCH v4] {STUCK}", "w4", 710),
    build_described_mail(f"k0+{720 * 24 * 60} [PATCH 0/1] valves for next", sender=MATT),
    make_valve_patch(
        f"[PATCH 1/1] {STUCK}",
        "k1",
        720,
        MATT,
        message=f"From: {ADA}\n\nBail out.\n",
        reply_to="k0",
    ),
    build_mail(
        "[GIT PULL] valves for 6.20",
        f"Please pull.\n\nAda Fixer (1):\n      {STUCK}\n\n drivers/demo/valve.c | 3 +++\n 1 file"
        " changed, 3 insertions(+)\n",
        sender=MATT,
        id="pull",
        minutes=730 * 24 * 60,
    ),
)
"""Two years of work: started with another title and address, resent by the maintainer, and pulled.
"""


@pytest.fixture(scope="module", params=[*SERVED, *LOCAL])
def archive_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with serve_archive(
        request.param, tmp_path_factory.mktemp("archive"), *story.WHOLE, *YEARS
    ) as server:
        yield server.url


def read_message_ids(mails: Sequence[Mail]) -> set[str]:
    return {mail.message_id.split("@")[0] for mail in mails}


def test_thread_has_all_its_messages(archive_url: str) -> None:
    with open_archive(archive_url) as archive:
        assert read_message_ids(archive.thread("v1@example.org")) == {"v1", "r1", "r2"}
        assert read_message_ids(archive.thread("r1@example.org")) == {"v1", "r1", "r2"}


def test_single_message_is_read(archive_url: str) -> None:
    with open_archive(archive_url) as archive:
        assert archive.mail("v2@example.org").subject == f"[PATCH net v2] {TITLE}"


def test_search_covers_subject_sender_and_body(archive_url: str) -> None:
    with open_archive(archive_url) as archive:
        assert read_message_ids(archive.search(f"s:{quote_phrase(TITLE)} AND f:gregkh")) == {
            "s1",
            "s2",
            "s3",
        }
        assert read_message_ids(
            archive.search(f"s:{quote_phrase(TITLE)} AND f:ada@example.org")
        ) >= {
            "v1",
            "v2",
        }
        assert read_message_ids(
            archive.search(f"s:{quote_phrase(TITLE)} AND f:ada@example.org", full_threads=True)
        ) >= {
            "v1",
            "r1",
            "r2",
            "v2",
            "r3",
            "r4",
        }
        assert read_message_ids(archive.search(f"b:{SHA[:12]}*")) >= {
            "r4",
            "s1",
            "s2",
            "s3",
            "f1",
        }
        assert archive.search("s:nothingofthekind") == ()


def test_missing_message_is_not_reported_as_unreachable_archive(
    archive_url: str,
) -> None:
    with open_archive(archive_url) as archive, pytest.raises(MissingError) as reported:
        archive.thread("nobody@example.org")
    assert reported.value.exit_code == 3


def test_one_message_finds_the_whole_series(archive_url: str) -> None:
    with open_archive(archive_url) as archive:
        mails, troubles, failure = collect_series_mails(archive, "v1@example.org")[:3]
    assert read_message_ids(mails) == {
        "v1",
        "r1",
        "r2",
        "v2",
        "r3",
        "r4",
        "s1",
        "s2",
        "s3",
        "f1",
        "f2",
        "f3",
    }
    assert (troubles, failure) == ((), None)


def test_third_version_finds_all_other_versions(archive_url: str) -> None:
    with open_archive(archive_url) as archive:
        mails, troubles, failure = collect_series_mails(archive, "w3@example.org")[:3]
    assert read_message_ids(mails) == {"w1", "w2", "w3", "w3r", "w4", "pull"}
    assert (troubles, failure) == ((), None)
    series = find_posted_series(
        "w3@example.org", read_thread(mails, anchors={"w3@example.org": ()})
    )
    assert series is not None
    assert [(revision.version, revision.is_rfc) for revision in series.revisions] == [
        (1, True),
        (2, True),
        (3, False),
        (4, False),
    ]
    assert (
        str(series.state),
        [follow_up.relation for follow_up in series.follow_ups],
    ) == (
        "accepted",
        ["carries"],
    )


def test_new_message_is_found_immediately(tmp_path: Path) -> None:
    for kind in (*SERVED, *LOCAL):
        with serve_archive(kind, tmp_path / kind, story.V1) as server:
            with open_archive(server.url) as archive:
                assert read_message_ids(archive.thread("v1@example.org")) == {"v1"}
            server.add(story.REVIEW, story.QUEUED)
            with open_archive(server.url) as archive:
                assert read_message_ids(archive.thread("v1@example.org", fresh=True)) == {
                    "v1",
                    "r1",
                }
                assert read_message_ids(archive.search("f:gregkh")) == {"s2"}


def test_message_ids_with_special_characters_are_fetched(tmp_path: Path) -> None:
    odd_mail = build_mail("[PATCH] odd", "x\n").replace(b"Message-ID: <", b"Message-ID: <a/b+c%d?e")
    message_id = odd_mail.split(b"Message-ID: <")[1].split(b">")[0].decode()
    for kind in (*SERVED, *LOCAL):
        with (
            serve_archive(kind, tmp_path / kind, odd_mail) as server,
            open_archive(server.url) as archive,
        ):
            assert archive.thread(message_id)[0].message_id == message_id


def test_responses_are_cached_for_ten_minutes(tmp_path: Path) -> None:
    with serve_archive("stand-in", tmp_path, story.V1) as server:
        url = server.url
        with Archive(url, cache=tmp_path / "cache") as archive:
            archive.thread("v1@example.org")
    with Archive(url, cache=tmp_path / "cache") as archive:
        assert read_message_ids(archive.thread("v1@example.org")) == {"v1"}
        with pytest.raises(NetworkError):
            archive.thread("v1@example.org", fresh=True)


def test_failed_archive_is_unreachable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (
        Archive(f"http://127.0.0.1:{port}/demo") as archive,
        pytest.raises(NetworkError) as reported,
    ):
        archive.thread("v1@example.org")
    assert reported.value.exit_code == 4


@contextmanager
def serve_responses(
    status: int,
    bodies: bytes | list[bytes],
    headers: dict[str, str] | None = None,
    max_requests: int = 99,
) -> Iterator[tuple[str, list[str]]]:
    """Run a server that sends these responses in order and records its requests.

    After this many requests, it sends 404.
    """
    requests: list[str] = []
    bodies_in_order = bodies if isinstance(bodies, list) else [bodies]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies_in_order[min(len(requests), len(bodies_in_order) - 1)]
            requests.append(self.headers["User-Agent"])
            self.send_response(status if len(requests) <= max_requests else 404)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 (the names http.server looks for)
        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    with run_web_server(Handler) as address:
        yield f"{address}/x", requests


@pytest.mark.parametrize("status", [500, 403])
def test_server_error_is_not_reported_as_empty_archive(status: int) -> None:
    with (
        serve_responses(status, b"") as (url, _),
        Archive(url) as archive,
        pytest.raises(NetworkError),
    ):
        archive.search("s:x")


def test_busy_server_is_retried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(
        module,
        "_retry_delay",
        lambda reported, attempt: waits.append(float(reported or 0)) or 0.0,
    )
    with (
        serve_responses(429, b"", {"Retry-After": "7"}) as (url, requests),
        Archive(url) as archive,
        pytest.raises(NetworkError) as reported,
    ):
        archive.search("s:x")
    assert waits == [7.0]
    assert len(requests) == 2
    assert "is rate-limiting requests" in reported.value.message


def test_long_retry_after_is_shortened() -> None:
    assert module._retry_delay("86400", 0) == module.LONGEST_WAIT
    assert module._retry_delay("tomorrow", 1) == 2.0
    assert module._retry_delay("", 2) == 4.0
    assert module._retry_delay("9" * 5_000, 0) in (1.0, module.LONGEST_WAIT)
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    assert 10.0 < module._retry_delay(soon, 0) <= 20.0


def test_user_agent_names_patchpilot() -> None:
    with (
        serve_responses(404, b"") as (url, requests),
        Archive(url) as archive,
        pytest.raises(NetworkError),
    ):
        archive.search("s:x")
    assert requests[0].startswith("patchpilot/")


@pytest.mark.parametrize(
    "body",
    [
        b"<html>hello</html>",
        b"\x1f\x8bgarbage",
        gzip.compress(b"x" * 100, mtime=0)[:-9],
    ],
)
def test_non_mbox_response_is_an_error(body: bytes) -> None:
    with (
        serve_responses(200, body) as (url, _),
        Archive(url) as archive,
        pytest.raises((NetworkError, MissingError)),
    ):
        archive.thread("v1@example.org")


def test_decompression_bomb_is_truncated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mbox_module, "MAX_MAIL", 4 << 20)
    monkeypatch.setattr(module, "MAX_ANSWER", 6 << 20)
    huge_mail = build_reply(
        f"[PATCH] {TITLE}", f"{'x' * 999}\n" * (9 << 10), id="huge", reply_to="v1"
    )
    with (
        serve_responses(200, gzip.compress(build_mbox(story.V1, huge_mail, story.REVIEW), 1)) as (
            url,
            _,
        ),
        Archive(url) as archive,
    ):
        assert read_message_ids(archive.thread("v1@example.org")) == {"v1", "r1"}
        assert ["<huge@example.org>" in reason for reason in archive.skipped] == [True]
    with (
        serve_responses(200, gzip.compress(bytes(8 << 20), 1)) as (url, _),
        Archive(url) as archive,
        pytest.raises((NetworkError, MissingError)),
    ):
        archive.thread("v1@example.org")


def test_response_has_a_total_size_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ANSWER", 4 << 20)
    large = [
        build_reply(f"[PATCH] {TITLE}", "x\n" * (1 << 19), id=f"l{number}", reply_to="v1")
        for number in range(12)
    ]
    with (
        serve_responses(200, gzip.compress(build_mbox(story.V1, *large), 1)) as (
            url,
            _,
        ),
        Archive(url) as archive,
    ):
        assert read_message_ids(archive.thread("v1@example.org")) == {
            "v1",
            "l0",
            "l1",
            "l2",
        }
        assert ["more than 4 MiB" in reason for reason in archive.skipped] == [True]


THREAD = gzip.compress(build_mbox(story.V1, story.REVIEW), 1)
_BAD = {
    "empty": b"",
    "empty gzip": gzip.compress(b""),
    "another thread": gzip.compress(build_mbox(story.FIX_V1)),
    "HTML": b"<html>Log in</html>",
}


@pytest.mark.parametrize("body", _BAD.values(), ids=_BAD)
def test_unusable_response_is_not_cached(tmp_path: Path, body: bytes) -> None:
    responses = [body, THREAD]
    with (
        serve_responses(200, responses) as (url, requests),
        Archive(url, cache=tmp_path / "cache") as archive,
    ):
        with pytest.raises(NetworkError):
            archive.thread("v1@example.org")
        assert read_message_ids(archive.thread("v1@example.org")) == {"v1", "r1"}
        assert not archive.remembered
        assert read_message_ids(archive.thread("v1@example.org")) == {"v1", "r1"}
        assert archive.remembered
        assert len(requests) == 2


def test_unknown_message_finds_its_replies() -> None:
    with (
        serve_responses(200, gzip.compress(build_mbox(story.REVIEW))) as (url, _),
        Archive(url) as archive,
    ):
        assert read_message_ids(archive.thread("v1@example.org")) == {"r1"}


@pytest.mark.parametrize(
    "location",
    [
        "http://[::1/",
        "http://localhost:{port}/",
        "//localhost:{port}/x",
        "file:///etc/passwd",
        "http://a\\b@[/",
        "http://",
        "\udcff",
    ],
)
def test_redirect_to_another_host_is_refused(location: str) -> None:
    with serve_responses(200, THREAD) as (there, requests):
        target = (
            location.format(port=there.split(":")[2].split("/")[0])
            .encode("utf-8", "surrogateescape")
            .decode("latin-1")
        )
        with (
            serve_responses(302, b"", {"Location": target}) as (url, _),
            Archive(url) as archive,
            pytest.raises(NetworkError),
        ):
            archive.thread("v1@example.org")
        assert requests == []


def test_redirect_to_a_configured_host_is_followed() -> None:
    with serve_responses(200, THREAD) as (there, _):
        target = there.replace("127.0.0.1", "localhost")
        with (
            serve_responses(302, b"", {"Location": target}) as (url, _),
            Archive(url, hosts=("localhost",)) as archive,
        ):
            assert read_message_ids(archive.thread("v1@example.org")) == {"v1", "r1"}


def test_canceled_archive_stops_fetching() -> None:
    with serve_responses(404, b"") as (url, requests), Archive(url) as archive:
        archive.cancel()
        with pytest.raises(CancelledError):
            archive.search("s:x")
    assert requests == []


def test_missing_library_error_names_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "liblore", None)
    with pytest.raises(MissingError, match="liblore") as reported:
        Archive("http://127.0.0.1:9/x").thread("a@example.org")
    assert "pip install" in reported.value.hint


def test_offline_opens_no_connection() -> None:
    with pytest.raises(NetworkError, match="offline"):
        Archive("http://127.0.0.1:9/x", offline=True).thread("a@example.org")


def test_charsets_of_the_email_package_are_restored(archive_url: str) -> None:
    before = dict(email.charset.CHARSETS)
    with open_archive(archive_url) as archive:
        archive.thread("v1@example.org")
    assert before == email.charset.CHARSETS


@pytest.mark.parametrize(
    ("target", "message_id"),
    [
        ("<a@example.org>", "a@example.org"),
        ("a@example.org", "a@example.org"),
        ("https://lore.kernel.org/netdev/a@example.org/", "a@example.org"),
        ("https://lore.kernel.org/r/a%40example.org", "a@example.org"),
        ("https://lore.kernel.org/all/a@example.org/T/#u", "a@example.org"),
        ("https://lore.kernel.org/all/a@example.org/t.mbox.gz", "a@example.org"),
        ("https://patch.msgid.link/a@example.org", "a@example.org"),
        ("https://lore.kernel.org/all/", None),
        ("not an id", None),
        ("", None),
    ],
)
def test_ids_are_extracted_from_pasted_text(target: str, message_id: str | None) -> None:
    assert parse_message_id(target) == message_id


def test_archive_is_determined_from_message_url() -> None:
    lore = "https://lore.kernel.org/all"
    assert find_archive_url("a@example.org", lore) == lore
    assert find_archive_url("https://lore.kernel.org/netdev/a@example.org/", lore) == lore
    assert find_archive_url("https://patch.msgid.link/a@example.org", lore) == lore
    assert (
        find_archive_url("https://inbox.dpdk.org/dev/a@example.org/", lore)
        == "https://inbox.dpdk.org/dev"
    )
    assert (
        find_archive_url("http://127.0.0.1:8080/demo/a@example.org/T/", lore)
        == "http://127.0.0.1:8080/demo"
    )


def test_invalid_url_is_refused() -> None:
    for wrong in ("lore.kernel.org", "file:///etc/passwd", "http://"):
        with pytest.raises(UsageError):
            Archive(wrong)


def test_search_phrase_is_quoted_safely() -> None:
    assert quote_phrase('a "b" OR c') == '"a b OR c"'


def test_search_stub_supports_brackets_and_not(tmp_path: Path) -> None:
    with (
        serve_archive(
            "stand-in",
            tmp_path,
            story.V1,
            story.REVIEW,
            build_described_mail("w [PATCH] valve: x"),
        ) as server,
        Archive(server.url) as archive,
    ):
        assert read_message_ids(archive.search("s:PATCH AND NOT (f:rita OR s:valve)")) == {"v1"}
