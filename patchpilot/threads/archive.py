# SPDX-License-Identifier: GPL-2.0-or-later
"""A public-inbox archive (lore or any other) read through liblore: threads and searches, rate-limited and with size limits.

A missing mail is a NotInArchiveError, an unreachable archive a NetworkError. Everything an archive sends is untrusted.
"""

import email.charset
import gzip
import logging
import queue
import re
import threading
import time
import zlib
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar
from urllib.parse import quote, unquote, urlsplit

from patchpilot import __version__
from patchpilot.errors import CancelledError, MissingError, NetworkError, PatchpilotError, UsageError
from patchpilot.model.bounded_date import read_iso
from patchpilot.model.bounded_gzip import MAGIC, PIECE, unpacked
from patchpilot.model.limits import MAX_MAIL
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.threads.mail_reader import ParseMail
from patchpilot.threads.mbox import Skipped, parse, unpack, within_limits
from patchpilot.urls import public_url

if TYPE_CHECKING:
    from liblore.node import LoreNode

T = TypeVar("T")
LORE = "https://lore.kernel.org/all"
CACHE_SECONDS = 600
TIMEOUTS = (5.0, 30.0)
MAX_TRANSFER = 64 * 1024 * 1024
MAX_SECONDS = 30.0
_BYTES_A_SECOND = 1 << 16
"""A response may take 30 seconds, and a second more for each 64 KiB that came: a server that sends a byte now and then is cut off."""
RETRIES = 2
LONGEST_WAIT = 30.0
BETWEEN_REQUESTS = 0.1
_TICK = 0.05
"""Seconds between looks at whether a request was canceled or takes too long."""
_SUSPICIOUS = 1 << 19
"""Compressed bytes above which the decompressed size is checked first: gzip expands at most a thousandfold."""
_DAY = 86_400
_FULL_THREADS, _RESULTS_ONLY = "x=m", "z=m"
"""The two buttons of an archive's search page. liblore always presses the first, for which public-inbox sends the whole thread of each match."""
_UPDATED = re.compile(rb"<updated>([0-9TZ:.+-]{10,40})</updated>")
_BUSY = (429, 502, 503, 504)
_HOSTS_OF_ALL = ("lore.kernel.org", "lkml.kernel.org", "patch.msgid.link", "msgid.link", "lkml.org")


class NotInArchiveError(MissingError):
    """The archive does not have the mail."""


def archive_of(target: str, default: str = LORE) -> str:
    """The archive a URL points into: the part before the Message-ID; `default` for a bare id and for lore's own redirectors."""
    if not target.startswith(("http://", "https://")):
        return default
    parts = urlsplit(target.strip())
    host = parts.hostname or ""
    default_host = urlsplit(default).hostname or ""
    if host in _HOSTS_OF_ALL:
        return default
    folders = []
    for part in parts.path.split("/"):
        if "@" in unquote(part):
            break
        folders.append(part)
    path = "/".join(folders).rstrip("/")
    if path in ("/r", "/all", "") and host == default_host:
        return default
    return f"{parts.scheme}://{parts.netloc}{path}"


def quoted(text: str) -> str:
    """A phrase for a search: in quotes, without inner quotes."""
    return '"' + " ".join(re.sub(r'["\\]', " ", text).split())[:200] + '"'


def received(first: datetime, last: datetime | None = None) -> str:
    """A condition for a search: received from the day of `first` to that of `last`, or since. It is in seconds, as public-inbox takes a number
    of more than four digits for seconds, also one that looks like a day."""
    begin, end = (f"{moment.timestamp() // _DAY * _DAY + more:.0f}" if moment else "" for moment, more in ((first, 0), (last, _DAY)))
    return f"rt:{begin}..{end}"


class MailArchive(Protocol):
    """What is asked of an archive, wherever it is: on the network (`Archive`) or on this machine (`LocalArchive`)."""

    url: str
    host: str
    remembered: bool
    skipped: list[str]
    parse_mail: ParseMail
    online: bool
    """Whether the network may be asked."""

    @property
    def requests(self) -> int:
        """The requests so far."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def cancel(self) -> None:
        """Cancel the current request; callable from another thread."""

    def thread(self, message_id: str, *, fresh: bool = False) -> tuple[Mail, ...]:
        """The whole thread around a mail."""

    def mail(self, message_id: str, *, fresh: bool = False) -> Mail:
        """The mail with this Message-ID."""

    def search(self, query: str, *, threads: bool = False, fresh: bool = False, without: Container[str] = ()) -> tuple[Mail, ...]:
        """The mails that match a query (with `threads`, their whole threads) but those with an id of `without`; may be none."""

    def reaches(self) -> datetime | None:
        """When about its newest mails arrived; None where it does not say."""


class Archive:
    """One archive on the network. Answers are cached for ten minutes in `cache` (None: no cache); `offline` prevents requests.

    The user name and password of a URL are sent to its server. For use in one thread; `cancel` in any.
    """

    def __init__(self, url: str = LORE, *, cache: Path | None = None, offline: bool = False, cache_seconds: int = CACHE_SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url}: not the URL of an archive", hint=f"pass a URL such as {LORE}")
        self.url = public_url(url).rstrip("/")
        """Without a password: errors, the cache and the store have it."""
        self.host = parts.hostname
        self._login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._cache = cache
        self._cache_seconds = cache_seconds
        self.online = not offline
        self._node: LoreNode | None = None
        self._session: Any = None
        self._last = 0.0
        self._stop = threading.Event()
        self.parse_mail: ParseMail = parse_mail
        """Parses one mail; a call with a MailReader sets this to its parser."""
        self.skipped: list[str] = []
        """The reasons for mails that were skipped."""
        self.remembered = False
        """Whether a thread came out of the cache, not from the server."""
        self._exists: bool | None = None

    @property
    def requests(self) -> int:
        """The requests that the server got."""
        return self._session.asked if self._session is not None else 0

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._node is not None:
            self._node.close()
            self._session.close()
            self._node = None

    def cancel(self) -> None:
        """Cancel the current request; callable from another thread."""
        self._stop.set()
        if self._node is not None:
            self._node.cancel_active()

    def thread(self, message_id: str, *, fresh: bool = False) -> tuple[Mail, ...]:
        """The whole thread around a mail. NotInArchiveError when the archive has no such mail, NetworkError when it cannot be reached."""
        before = self.requests
        data = self._ask(message_id, lambda node: node.get_mbox_by_msgid(message_id, nocache=fresh))
        self.remembered = self.remembered or self.requests == before
        mails = tuple(mail for mail in self._parsed(data) if mail.headers)
        if not mails:
            raise self._empty()
        return mails

    def mail(self, message_id: str, *, fresh: bool = False) -> Mail:
        """The mail with this Message-ID. NetworkError when the answer is something else: a bot challenge, a network's login page, another mail."""
        data = self._ask(message_id, lambda node: node.get_message_by_msgid(message_id, nocache=fresh))
        answer = next((mail for mail in parse(unpack(data, self.url), source=self.host) if mail.message_id == message_id), None)
        if answer is None:
            raise NetworkError(
                f"{self.host} sent something other than the mail {message_id}",
                hint=f"open it in a browser: {self.url}/{quote(message_id)}/",
            )
        return answer

    def search(self, query: str, *, threads: bool = False, fresh: bool = False, without: Container[str] = ()) -> tuple[Mail, ...]:
        """The mails that match a query (with `threads`, their whole threads) but those with an id of `without`; may be none."""
        try:
            data = self._ask(query, lambda node: node.get_mbox_by_query(query, full_threads=threads, nocache=fresh))
        except NotInArchiveError:
            return ()
        if not data:
            raise self._empty()
        return tuple(mail for mail in self._parsed(data, without) if mail.headers)

    def reaches(self) -> datetime | None:
        """When about its newest mails arrived, by its feed of them (the median, as single dates are wrong); None where it does not say."""
        try:
            feed = self._ask("new.atom", lambda _: self._session.get(f"{self.url}/new.atom", timeout=TIMEOUTS))
        except PatchpilotError:
            return None
        found = (read_iso(text.decode()) for text in _UPDATED.findall(feed.content)) if feed.status_code == 200 else ()
        moments = sorted(filter(None, found))
        return moments[len(moments) // 2] if moments else None

    def _parsed(self, data: bytes, without: Container[str] = ()) -> tuple[Mail, ...]:
        return parse(data, skipped=self.skipped.append, source=self.host, parse_mail=self.parse_mail, without=without)

    def _ask(self, what: str, question: Callable[["LoreNode"], T]) -> T:
        if not self.online:
            raise NetworkError(f"{self.host} cannot be queried with --offline", hint="use --mbox FILE, or drop --offline")
        if self._stop.is_set():
            raise CancelledError()
        time.sleep(max(0.0, self._last + BETWEEN_REQUESTS - time.monotonic()))
        try:
            return self._translated(what, question)
        finally:
            self._last = time.monotonic()

    def _translated(self, what: str, question: Callable[["LoreNode"], T]) -> T:
        try:
            with _own_charset():
                import requests
                from liblore import LibloreError, OperationCancelledError, RemoteError
        except ImportError as error:
            raise MissingError(
                f"reading archives needs {error.name}, which is not installed", hint="pip install liblore requests"
            ) from error
        try:
            return question(self._connected())
        except OperationCancelledError as error:
            raise CancelledError() from error
        except RemoteError as error:
            raise self._failure(what, error.status_code, error) from error
        except requests.exceptions.ContentDecodingError as error:
            raise NetworkError(f"{self.host}: {error}", hint="download the thread from the archive's page, and use --mbox FILE") from error
        except requests.RequestException as error:
            raise self._unreachable(_reason(error)) from error
        except LibloreError as error:
            raise self._unreachable(str(error)) from error
        except (OSError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise NetworkError(
                f"{self.host} did not send an mbox: {error}", hint="open the URL in a browser to check that it is a public-inbox archive"
            ) from error

    def _failure(self, what: str, status: int | None, error: Exception) -> PatchpilotError:
        if status == 404:
            return self._absent(what) if self._is_there() else self._no_archive()
        if status is None:
            return self._unreachable(_reason(error.__cause__ or error))
        if status == 429:
            return NetworkError(f"{self.host} is rate-limiting requests", hint="try again in a few minutes")
        return self._unreachable(f"HTTP status {status}")

    def _is_there(self) -> bool:
        """Whether the archive's own page is there: a wrong path gives 404 for every mail. Asked once."""
        if self._exists is None:
            import requests

            try:
                self._exists = bool(self._session.get(f"{self.url}/", timeout=TIMEOUTS).status_code != 404)
            except requests.RequestException:
                return True
        return self._exists

    def _no_archive(self) -> NetworkError:
        return NetworkError(
            f"{self.url} is not an archive: HTTP status 404", hint="check the path in --lore, or in git config patchpilot.lore"
        )

    def _empty(self) -> NetworkError:
        return NetworkError(
            f"{self.host} sent an empty answer", hint="try again later, or set another archive: git config patchpilot.lore URL"
        )

    def _absent(self, what: str) -> NotInArchiveError:
        return NotInArchiveError(
            f"{self.host} has no mail {what}",
            hint="a new mail takes some minutes to appear; otherwise check the id, or set another archive: git config patchpilot.lore URL",
        )

    def _unreachable(self, why: str) -> NetworkError:
        return NetworkError(
            f"{self.host} cannot be reached: {why}", hint="check the network connection, or set a mirror: git config patchpilot.lore URL"
        )

    def _connected(self) -> "LoreNode":
        if self._node is None:
            with _own_charset():
                from liblore.node import LoreNode
            log = logging.getLogger("liblore")
            log.addHandler(logging.NullHandler())
            log.propagate = False
            if self._cache:
                self._cache.mkdir(parents=True, exist_ok=True)
            self._node = LoreNode(
                self.url,
                request_timeout=TIMEOUTS,
                cache_dir=str(self._cache) if self._cache else None,
                cache_ttl=self._cache_seconds,
                # only the configured archive is queried: the search terms may be confidential
                follow_upstream=False,
            )
            self._node.set_user_agent("patchpilot", __version__)
            self._session = _polite_session(f"patchpilot/{__version__}", self._stop, self.skipped.append)
            # requests does not send it on to another host
            self._session.auth = self._login
            self._node.set_requests_session(self._session)
        return self._node


def _reason(error: BaseException) -> str:
    """Why a request failed, in a few words."""
    import requests

    if isinstance(error, requests.Timeout):
        return str(error) if "whole answer" in str(error) else "timed out"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return "too many redirects"
    inner = re.search(
        r"Connection refused|Name or service not known|Temporary failure in name resolution|No route to host|reset by peer", str(error)
    )
    return inner[0].lower() if inner else "the connection failed"


@contextmanager
def _own_charset() -> Iterator[None]:
    """Keep what the email package does with UTF-8: importing liblore changes it for the whole process."""
    saved = dict(email.charset.CHARSETS)
    try:
        yield
    finally:
        email.charset.CHARSETS.clear()
        email.charset.CHARSETS.update(saved)


def _polite_session(agent: str, stop: threading.Event, skipped: Skipped) -> Any:
    """A requests session that honors Retry-After once, and limits the time and size of responses; mails over a limit are left out and reported."""
    import requests

    class Session(requests.Session):
        asked = 0
        waited = False

        def request(self, method: str, url: str, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
            options["stream"] = True
            if options.get("data") == _FULL_THREADS and "&t=1" not in url:
                options["data"] = _RESULTS_ONLY
            self.asked += 1
            for attempt in range(RETRIES + 1):
                response = _within_time(lambda: super(Session, self).request(method, url, *args, **options), stop, skipped)
                told = response.headers.get("Retry-After", "")
                if response.status_code not in _BUSY or attempt == RETRIES or (told and self.waited):
                    break
                self.waited = self.waited or bool(told)
                if stop.wait(_wait(told, attempt)):
                    raise requests.ConnectionError("cancelled")
            return response  # type: ignore[no-any-return]

    session = Session()
    session.headers.update({"User-Agent": agent})
    session.max_redirects = 5
    return session


def _wait(retry_after: str, attempt: int) -> float:
    """Seconds to wait: the server's Retry-After up to a limit, else one, then two."""
    return min(float(retry_after), LONGEST_WAIT) if retry_after.isascii() and retry_after.isdigit() else 1.0 * 2**attempt


def _within_time(ask: Callable[[], Any], stop: threading.Event, skipped: Skipped) -> Any:
    """The response to a request, read whole in a thread, so that neither a slow head nor a slow body can hold the caller."""
    import requests

    result: queue.SimpleQueue[Any] = queue.SimpleQueue()
    body, given_up = bytearray(), threading.Event()

    def work() -> None:
        try:
            response = ask()
            _read(response, body, given_up, skipped)
            result.put(response)
        except Exception as error:  # noqa: BLE001 (raised again in the caller's thread)
            result.put(error)

    started = time.monotonic()
    threading.Thread(target=work, daemon=True).start()
    while True:
        try:
            answer = result.get(timeout=_TICK)
            break
        except queue.Empty:
            if stop.is_set():
                given_up.set()
                raise requests.ConnectionError("cancelled") from None
            if time.monotonic() - started > MAX_SECONDS + len(body) / _BYTES_A_SECOND:
                given_up.set()
                raise requests.ReadTimeout(f"no whole answer within {MAX_SECONDS:.0f} seconds") from None
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _read(response: Any, body: bytearray, given_up: threading.Event, skipped: Skipped) -> None:
    """Read a response into `body`, and keep it as its content."""
    import requests

    for chunk in response.iter_content(1 << 16):
        body += chunk
        if len(body) > MAX_TRANSFER or given_up.is_set():
            response.close()
            raise requests.exceptions.ContentDecodingError(f"the response is larger than {MAX_TRANSFER >> 20} MiB")
    data = bytes(body)
    if data[:2] == MAGIC and len(data) > _SUSPICIOUS and _is_large(data):
        host = urlsplit(response.url).hostname or ""
        data = gzip.compress(b"".join(within_limits(unpacked((data,), host), host, skipped)), 1)
    response._content = data


def _is_large(data: bytes) -> bool:
    """Whether what is packed has a mail over the limit, or is larger than what is read at once: each of them would be unpacked in memory."""
    return sum(map(len, islice(unpacked((data,), ""), MAX_MAIL // PIECE))) >= MAX_MAIL
