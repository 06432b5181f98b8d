# SPDX-License-Identifier: GPL-2.0-or-later
"""Query a public-inbox archive (lore by default) through liblore.

Requests are rate-limited, and the size of responses is limited. A missing message raises
`NotInArchiveError`, an unreachable archive `NetworkError`. Data from an archive is untrusted.
"""

import email.charset
import gzip
import logging
import queue
import re
import threading
import time
import zlib
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar
from urllib.parse import unquote

from patchpilot import __version__
from patchpilot.cache import entries
from patchpilot.errors import (
    CancelledError,
    MissingError,
    NetworkError,
    PatchpilotError,
    UsageError,
)
from patchpilot.extras import missing_extra_error
from patchpilot.model.bounded import MAX_ANSWER, parse_iso_time
from patchpilot.model.bounded_gzip import MAGIC, PIECE, decompress_blocks, unpack_gzip
from patchpilot.model.hosts import quote_url, split_url, url_host
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.reading.mail_reader import ParseMail
from patchpilot.reading.mbox import Skipped, parse, split_within_limits
from patchpilot.urls import LORE, hide_url_credentials

if TYPE_CHECKING:
    from liblore.node import LoreNode

T = TypeVar("T")
CACHE_SECONDS = 600
_DAY = 86_400
_MBOX_HINT = "download the thread from the archive's page, and use --mbox FILE"
_UPDATED = re.compile(rb"<updated>([0-9TZ:.+-]{10,40})</updated>")
_REDIRECTING_HOSTS = (
    "lore.kernel.org",
    "lkml.kernel.org",
    "patch.msgid.link",
    "msgid.link",
    "lkml.org",
)


_MAX_ENTRIES = 200
_SUFFIX = "answer"


class AnswerCache:
    """A directory of cached responses that expire after some seconds.

    If its path is None, nothing is cached. Only valid responses may be stored.
    """

    def __init__(self, path: Path | None, max_age: float) -> None:
        self._place, self._seconds = path, max_age

    def get(self, *query: str) -> bytes | None:
        """Return the cached response to a query, or None if there is none or it has expired."""
        file = self._file(query)
        if file is None:
            return None
        try:
            age = time.time() - file.stat().st_mtime
        except OSError:
            return None
        return entries.read_cache_file(file, MAX_ANSWER) if 0 <= age <= self._seconds else None

    def put(self, response: bytes, *query: str) -> None:
        """Cache the response to a query. Ignore I/O errors."""
        file = self._file(query)
        if file is not None and entries.write_cache_file(file, response):
            entries.evict_oldest(file.parent, _MAX_ENTRIES)

    def _file(self, query: tuple[str, ...]) -> Path | None:
        if self._place is None:
            return None
        name = sha256("\0".join(query).encode("utf-8", "surrogateescape")).hexdigest()
        return self._place / f"{name}.{_SUFFIX}"


class NotInArchiveError(MissingError):
    """A message is not in the archive."""


class UnreadableAnswerError(NetworkError):
    """A response is too large, took too long, or cannot be unpacked; a smaller one may be fine."""


def find_archive_url(target: str, default: str) -> str:
    """Return the URL of the archive that contains a message: the part of the message's URL before
    the Message-ID.

    Return the default for a bare Message-ID and for lore's redirecting URLs.
    """
    if not target.startswith(("http://", "https://")):
        return default
    host = url_host(target)
    if host in _REDIRECTING_HOSTS or not host:
        return default
    parts = split_url(target)
    folders = []
    for part in parts.path.split("/"):
        if "@" in unquote(part):
            break
        folders.append(part)
    path = "/".join(folders).rstrip("/")
    if path in ("/r", "/all", "") and host == url_host(default):
        return default
    return f"{parts.scheme}://{parts.netloc}{path}"


def quote_phrase(text: str) -> str:
    """Quote `text` as a phrase for an archive search, without inner quotes."""
    return '"' + " ".join(re.sub(r'["\\]', " ", text).split())[:200] + '"'


def make_date_query(first: datetime, last: datetime | None = None) -> str:
    """Return a search condition for messages received on the day of `first` or later.

    `last` is the latest time, if there is one. Times are in seconds, because public-inbox parses
    any number with more than four digits as seconds.
    """
    end = f"{last.timestamp():.0f}" if last else ""
    return f"rt:{first.timestamp() // _DAY * _DAY:.0f}..{end}"


class MailArchive(Protocol):
    """The interface of remote (`Archive`) and local archives (`LocalArchive`)."""

    url: str
    host: str
    remembered: bool
    skipped: list[str]
    parse_mail: ParseMail
    online: bool
    """Whether network access is allowed."""

    @property
    def requests(self) -> int:
        """Return the number of requests made."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the archive."""

    def cancel(self) -> None:
        """Cancel the current request; other threads may call this."""

    def thread(self, message_id: str, *, fresh: bool = False) -> tuple[Mail, ...]:
        """Return all messages in the thread of a message."""

    def mail(self, message_id: str, *, fresh: bool = False) -> Mail:
        """Return the message with the given Message-ID."""

    def search(
        self,
        query: str,
        *,
        full_threads: bool = False,
        fresh: bool = False,
        excluded_ids: Container[str] = (),
    ) -> tuple[Mail, ...]:
        """Return the messages that match a query, except those with one of the `excluded_ids`.

        With `full_threads`, return the complete threads of the matches. The result may be empty.
        """

    def reaches(self) -> datetime | None:
        """Return approximately when the archive's latest message arrived, or None if unknown."""


class Archive(MailArchive):
    """A remote archive.

    Valid responses are cached for ten minutes in the directory `cache`, unless it is None. If
    `offline` is set, no request is made. Redirects are followed only to the archive's host and to
    `hosts`. The user name and password in the URL are sent only to the archive. Use an instance in
    one thread only; only `cancel` may be called from other threads.
    """

    def __init__(
        self,
        url: str = LORE,
        *,
        cache: Path | None = None,
        offline: bool = False,
        hosts: Sequence[str] = (),
    ) -> None:
        self.host = url_host(url)
        if not url.startswith(("http://", "https://")) or not self.host:
            raise UsageError(
                f"{url}: not the URL of an archive",
                hint=f"use the URL of an archive, for example {LORE}",
            )
        self.url = hide_url_credentials(url).rstrip("/")
        """Without the password, because errors, the cache and the store contain it."""
        parts = split_url(url)
        self._login = (
            (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        )
        self._kept = AnswerCache(cache, CACHE_SECONDS)
        self.online = not offline
        self._hosts = (self.host, *hosts)
        self._node: LoreNode | None = None
        self._session: Any = None
        self._last = 0.0
        self._stop = threading.Event()
        self.parse_mail: ParseMail = parse_mail
        """Parse a message; a call with a MailReader replaces it with the reader's parser."""
        self.skipped: list[str] = []
        """Reasons for skipped messages."""
        self.remembered = False
        """Whether a thread came from the cache."""
        self._exists: bool | None = None

    @property
    def requests(self) -> int:
        return self._session.requests_made if self._session is not None else 0

    def close(self) -> None:
        if self._node is not None:
            self._node.close()
            self._session.close()
            self._node = None

    def cancel(self) -> None:
        self._stop.set()
        if self._node is not None:
            self._node.cancel_active()

    def thread(self, message_id: str, *, fresh: bool = False) -> tuple[Mail, ...]:
        """Return all messages in the thread of a message.

        Raise `NotInArchiveError` if the message is not in the archive, and `NetworkError` if the
        archive is unreachable.
        """
        skipped_before = len(self.skipped)
        cached = None if fresh else self._kept.get(self.url, "thread", message_id)
        data = cached or self._query(
            message_id, lambda node: node.get_mbox_by_msgid(message_id, nocache=True)
        )
        mails = tuple(mail for mail in self._parse_response(data) if mail.headers)
        if not mails:
            raise self._empty_response_error(self.skipped[skipped_before:])
        if not any(
            message_id in (mail.message_id, mail.in_reply_to, *mail.references) for mail in mails
        ):
            raise self._unrelated_mail_error(f"the thread of {message_id}", message_id)
        self.remembered = self.remembered or cached is not None
        if cached is None:
            self._kept.put(data, self.url, "thread", message_id)
        return mails

    def mail(self, message_id: str, *, fresh: bool = False) -> Mail:
        """Return the message with the given Message-ID.

        Raise `NetworkError` if the response is something else, such as a bot check or a login page.
        """
        cached = None if fresh else self._kept.get(self.url, "mail", message_id)
        data = cached or self._query(
            message_id, lambda node: node.get_message_by_msgid(message_id, nocache=True)
        )
        text = unpack_gzip(data, self.url, MAX_ANSWER)
        mail_with_id = next(
            (mail for mail in parse(text, source=self.host) if mail.message_id == message_id),
            None,
        )
        if mail_with_id is None:
            raise self._unrelated_mail_error(f"the mail {message_id}", message_id)
        if cached is None:
            self._kept.put(data, self.url, "mail", message_id)
        return mail_with_id

    def search(
        self,
        query: str,
        *,
        full_threads: bool = False,
        fresh: bool = False,
        excluded_ids: Container[str] = (),
    ) -> tuple[Mail, ...]:
        """Return the messages that match a query, except those with one of the `excluded_ids`.

        With `full_threads`, return the complete threads of the matches. The result may be empty.
        """
        cache_key = (self.url, "threads" if full_threads else "search", query)
        cached = None if fresh else self._kept.get(*cache_key)
        try:
            data = cached or self._query(
                query,
                lambda node: node.get_mbox_by_query(query, full_threads=full_threads, nocache=True),
            )
        except NotInArchiveError:
            return ()
        if not data:
            raise self._empty_response_error()
        mails = tuple(mail for mail in self._parse_response(data, excluded_ids) if mail.headers)
        if cached is None:
            self._kept.put(data, *cache_key)
        return mails

    def reaches(self) -> datetime | None:
        """Return approximately when the archive's latest message arrived, or None if unknown.

        Use the median of the dates in the archive's feed, because some of these dates may be wrong.
        """
        try:
            feed = self._query(
                "new.atom",
                lambda _: self._session.get(f"{self.url}/new.atom", timeout=TIMEOUTS),
            )
        except PatchpilotError:
            return None
        updates = (
            (parse_iso_time(text.decode()) for text in _UPDATED.findall(feed.content))
            if feed.status_code == 200
            else ()
        )
        dates = sorted(filter(None, updates))
        return dates[len(dates) // 2] if dates else None

    def _parse_response(self, data: bytes, excluded_ids: Container[str] = ()) -> tuple[Mail, ...]:
        return parse(
            data,
            skipped=self.skipped.append,
            source=self.host,
            parse_mail=self.parse_mail,
            excluded_ids=excluded_ids,
        )

    def _query(self, operation: str, query: Callable[["LoreNode"], T]) -> T:
        if not self.online:
            raise NetworkError(
                f"{self.host} cannot be queried with --offline",
                hint="omit --offline",
            )
        if self._stop.is_set():
            raise CancelledError()
        time.sleep(max(0.0, self._last + BETWEEN_REQUESTS - time.monotonic()))
        try:
            return self._translate_errors(operation, query)
        finally:
            self._last = time.monotonic()

    def _translate_errors(self, operation: str, query: Callable[["LoreNode"], T]) -> T:
        try:
            with _preserve_email_charset():
                import requests
                from liblore import LibloreError, OperationCancelledError, RemoteError
        except ImportError as error:
            raise missing_extra_error(error) or error from error
        try:
            return query(self._connect())
        except OperationCancelledError as error:
            raise CancelledError() from error
        except RemoteError as error:
            raise self._failure(operation, error.status_code, error) from error
        except requests.exceptions.ContentDecodingError as error:
            raise UnreadableAnswerError(f"{self.host}: {error}", hint=_MBOX_HINT) from error
        except requests.RequestException as error:
            raise self._unreachable(describe_request_error(error)) from error
        except LibloreError as error:
            raise self._unreachable(str(error)) from error
        except (OSError, ValueError, EOFError, zlib.error) as error:
            raise NetworkError(
                f"{self.host} did not send an mbox: {error}",
                hint="open the URL in a browser to check that it is a public-inbox archive",
            ) from error

    def _failure(self, operation: str, status: int | None, error: Exception) -> PatchpilotError:
        if status == 404:
            if self._archive_exists():
                return NotInArchiveError(
                    f"{self.host} has no message {operation}",
                    hint="a new mail takes a few minutes to appear; otherwise check the"
                    " Message-ID, or run `git config --global patchpilot.lore URL` to set"
                    " another archive",
                )
            return NetworkError(
                f"{self.url} is not an archive: HTTP status 404",
                hint="check the path in --lore, or in git config --global patchpilot.lore",
            )
        if status is None:
            return self._unreachable(describe_request_error(error.__cause__ or error))
        if status == 429:
            return NetworkError(
                f"{self.host} is rate-limiting requests",
                hint="try again in a few minutes",
            )
        return self._unreachable(f"HTTP status {status}")

    def _archive_exists(self) -> bool:
        """Return whether the archive's main page exists, and cache the result.

        If the archive's path is wrong, requests for messages return 404.
        """
        if self._exists is None:
            import requests

            try:
                self._exists = bool(
                    self._session.get(f"{self.url}/", timeout=TIMEOUTS).status_code != 404
                )
            except requests.RequestException:
                return True
        return self._exists

    def _unrelated_mail_error(self, expected_id: str, message_id: str) -> NetworkError:
        return NetworkError(
            f"{self.host} sent something other than {expected_id}",
            hint=f"open the URL in a browser: {self.url}/{quote_url(message_id)}/",
        )

    def _empty_response_error(self, skipped: Sequence[str] = ()) -> NetworkError:
        if skipped:
            return NetworkError(f"cannot read any message: {skipped[0]}", hint=_MBOX_HINT)
        return NetworkError(
            f"{self.host} sent an empty answer",
            hint="try again later, or run `git config --global patchpilot.lore URL` to set"
            " another archive",
        )

    def _unreachable(self, reason: str) -> NetworkError:
        return NetworkError(
            f"{self.host} cannot be reached: {reason}",
            hint=(
                "check the network connection, or run `git config --global patchpilot.lore URL` to"
                " set a mirror"
            ),
        )

    def _connect(self) -> "LoreNode":
        if self._node is None:
            with _preserve_email_charset():
                from liblore.node import LoreNode
            logger = logging.getLogger("liblore")
            logger.addHandler(logging.NullHandler())
            logger.propagate = False
            # search terms may be confidential, so query only the configured archive
            self._node = LoreNode(self.url, request_timeout=TIMEOUTS, follow_upstream=False)
            self._node.set_user_agent("patchpilot", __version__)
            self._session = make_polite_session(self._stop, self.skipped.append, self._hosts)
            # put the credentials in the session, because requests does not send these to other
            # hosts
            self._session.auth = self._login
            self._node.set_requests_session(self._session)
        return self._node


@contextmanager
def _preserve_email_charset() -> Iterator[None]:
    """Undo the global changes to the email package's charsets that importing liblore makes."""
    saved = dict(email.charset.CHARSETS)
    try:
        yield
    finally:
        email.charset.CHARSETS.clear()
        email.charset.CHARSETS.update(saved)


TIMEOUTS = (5.0, 30.0)
MAX_TRANSFER = MAX_ANSWER
MAX_SECONDS = 30.0
_MIN_BYTES_PER_SECOND = 1 << 16
"""Timeout of a response: 30 seconds, plus one second per 64 KiB received."""
RETRIES = 2
LONGEST_WAIT = 30.0
BETWEEN_REQUESTS = 0.1
_TICK = 0.05
"""Seconds between checks for cancellation and the timeout."""
_FULL_THREADS, _RESULTS_ONLY = "x=m", "z=m"
"""The two buttons on an archive's search page. liblore always uses the first; public-inbox then
sends the whole thread of each match.
"""
_BUSY = (429, 502, 503, 504)


def make_polite_session(stop: threading.Event, skipped: Skipped, hosts: Container[str]) -> Any:
    """Return a requests session that limits the duration, size and redirects of responses.

    It waits for Retry-After once, and follows redirects to `hosts` only. It skips oversized
    messages and passes the reason to `skipped`.
    """
    import requests

    from patchpilot.archive.web_session import WebSession

    class Session(WebSession):
        requests_made = 0
        waited = False

        def request(  # type: ignore[override]
            self, method: str, url: str, *args: Any, **options: Any
        ) -> requests.Response:
            options["stream"] = True
            if options.get("data") == _FULL_THREADS and "&t=1" not in url:
                options["data"] = _RESULTS_ONLY
            self.requests_made += 1
            for attempt in range(RETRIES + 1):
                response = _run_with_timeout(
                    lambda: super(Session, self).request(method, url, *args, **options),
                    stop,
                    skipped,
                )
                delay = response.headers.get("Retry-After", "")
                if (
                    response.status_code not in _BUSY
                    or attempt == RETRIES
                    or (delay and self.waited)
                ):
                    break
                self.waited = self.waited or bool(delay)
                if stop.wait(_retry_delay(delay, attempt)):
                    raise requests.ConnectionError("cancelled")
            return response  # type: ignore[no-any-return]

        def get_redirect_target(self, resp: requests.Response) -> str | None:
            target = super().get_redirect_target(resp)
            if target is not None:
                _check_redirect(resp.url, target, hosts)
                # otherwise requests reads the whole body, whatever its size
                resp._content = b""
                resp.close()
            return target

    session = Session()
    session.max_redirects = 5
    return session


_PORTS = {"http": 80, "https": 443}


def _check_redirect(url: str, target: str, hosts: Container[str]) -> None:
    """Raise InvalidURL for a redirect to a host that is not allowed, to another port of the same
    host, from https to http, or to an invalid URL.
    """
    from requests.exceptions import InvalidURL

    old_url, new_url = split_url(url), split_url(target, url)
    host = new_url.hostname or ""
    try:
        ports = tuple(url.port or _PORTS.get(url.scheme) for url in (old_url, new_url))
    except ValueError:
        host = ""
    if not host:
        raise InvalidURL("it redirects to an invalid URL")
    if new_url.scheme not in ("https", old_url.scheme):
        raise InvalidURL(f"it redirects from https to {new_url.scheme}")
    if host != old_url.hostname and host not in hosts:
        raise InvalidURL(f"it redirects to another host, {host}")
    # another port is another server; only the step from http to https changes it
    is_upgrade = new_url.scheme == "https" and ports == (80, 443)
    if host == old_url.hostname and ports[0] != ports[1] and not is_upgrade:
        raise InvalidURL(f"it redirects to another port, {host}:{ports[1]}")


def _retry_delay(retry_after: str, attempt: int) -> float:
    """Return how many seconds to wait before retrying a request.

    This is the value of Retry-After, a number or a date, up to a limit. Without this header, it is
    1, 2, 4, … seconds. urllib3 itself would wait without a way to cancel.
    """
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    try:
        seconds = Retry().parse_retry_after(retry_after)
    except (InvalidHeader, OverflowError, ValueError):
        return float(2**attempt)
    return min(float(seconds), LONGEST_WAIT)


def _run_with_timeout(request: Callable[[], Any], stop: threading.Event, skipped: Skipped) -> Any:
    """Read a response in a thread, so that the caller can stop waiting for it."""
    import requests

    result: queue.SimpleQueue[Any] = queue.SimpleQueue()
    body, abandoned = bytearray(), threading.Event()

    def run_request() -> None:
        try:
            response = request()
            _read_body(response, body, abandoned, skipped)
            result.put(response)
        except Exception as error:  # noqa: BLE001 (raised again in the caller's thread)
            result.put(error)

    start = time.monotonic()
    threading.Thread(target=run_request, daemon=True).start()
    while True:
        try:
            outcome = result.get(timeout=_TICK)
            break
        except queue.Empty:
            if stop.is_set():
                abandoned.set()
                raise requests.ConnectionError("cancelled") from None
            if time.monotonic() - start > MAX_SECONDS + len(body) / _MIN_BYTES_PER_SECOND:
                abandoned.set()
                raise requests.ReadTimeout(
                    f"no whole answer within {MAX_SECONDS:.0f} seconds"
                ) from None
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _read_body(
    response: Any, body: bytearray, abandoned: threading.Event, skipped: Skipped
) -> None:
    """Read a response into `body`, within the size limit."""
    import requests

    for chunk in response.iter_content(1 << 16):
        body += chunk
        if len(body) > MAX_TRANSFER or abandoned.is_set():
            response.close()
            raise requests.exceptions.ContentDecodingError(
                f"the response is larger than {MAX_TRANSFER >> 20} MiB"
            )
    data = bytes(body)
    # the compressed size is not enough of a limit, because gzip can compress data by a factor of
    # 1000
    if data[:2] == MAGIC and (len(data) > MAX_ANSWER >> 10 and _exceeds_limit(data)):
        host = url_host(response.url)
        data = gzip.compress(
            b"".join(
                split_within_limits(decompress_blocks((data,), host), host, skipped, MAX_ANSWER)
            ),
            1,
        )
    response._content = data


def _exceeds_limit(data: bytes) -> bool:
    return (
        sum(map(len, islice(decompress_blocks((data,), ""), MAX_ANSWER // PIECE + 2))) > MAX_ANSWER
    )


def describe_request_error(error: BaseException) -> str:
    """Return a short phrase that states why a request failed."""
    import requests

    if isinstance(error, requests.Timeout):
        return str(error) if "whole answer" in str(error) else "timed out"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return "too many redirects"
    if isinstance(error, requests.exceptions.InvalidURL) and str(error).startswith("it redirects"):
        return str(error)
    known_reason = re.search(
        r"Connection refused|Name or service not known|Temporary failure in name resolution|No"
        r" route to host|reset by peer",
        str(error),
    )
    return known_reason[0].lower() if known_reason else "the connection failed"
