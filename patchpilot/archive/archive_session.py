# SPDX-License-Identifier: GPL-2.0-or-later
"""The HTTP session for requests to an archive.

The session obeys the server's Retry-After header, and limits the time and size of answers
and the hosts of redirects.
"""

import gzip
import queue
import re
import threading
import time
from collections.abc import Callable, Container
from itertools import islice
from typing import Any

from patchpilot.model.bounded_gzip import MAGIC, PIECE, unpacked
from patchpilot.model.hosts import host_of, split_url
from patchpilot.model.limits import MAX_ANSWER
from patchpilot.reading.mbox import Skipped, within_limits

TIMEOUTS = (5.0, 30.0)
MAX_TRANSFER = MAX_ANSWER
MAX_SECONDS = 30.0
_BYTES_A_SECOND = 1 << 16
"""A response may take 30 seconds, and a second more for each 64 KiB that came: a server that sends
a byte now and then is cut off.
"""
RETRIES = 2
LONGEST_WAIT = 30.0
BETWEEN_REQUESTS = 0.1
_TICK = 0.05
"""Seconds between looks at whether a request was canceled or takes too long."""
_FULL_THREADS, _RESULTS_ONLY = "x=m", "z=m"
"""The two buttons of an archive's search page. liblore always presses the first, for which
public-inbox sends the whole thread of each match.
"""
_BUSY = (429, 502, 503, 504)


def polite_session(
    agent: str, stop: threading.Event, skipped: Skipped, hosts: Container[str]
) -> Any:
    """Returns a requests session that limits the time, size and redirects of responses.

    The session obeys Retry-After once and follows redirects to `hosts` only. Oversized
    messages are skipped, and the reason is reported to `skipped`.
    """
    import requests

    class Session(requests.Session):
        asked = 0
        waited = False

        def request(  # type: ignore[override]
            self, method: str, url: str, *args: Any, **options: Any
        ) -> requests.Response:
            options["stream"] = True
            if options.get("data") == _FULL_THREADS and "&t=1" not in url:
                options["data"] = _RESULTS_ONLY
            self.asked += 1
            for attempt in range(RETRIES + 1):
                response = _within_time(
                    lambda: super(Session, self).request(method, url, *args, **options),
                    stop,
                    skipped,
                )
                told = response.headers.get("Retry-After", "")
                if (
                    response.status_code not in _BUSY
                    or attempt == RETRIES
                    or (told and self.waited)
                ):
                    break
                self.waited = self.waited or bool(told)
                if stop.wait(_wait(told, attempt)):
                    raise requests.ConnectionError("cancelled")
            return response  # type: ignore[no-any-return]

        def get_redirect_target(self, resp: requests.Response) -> str | None:
            target = super().get_redirect_target(resp)
            if target is not None:
                _refuse_elsewhere(resp.url, target, hosts)
                # requests would read it whole, whatever its size
                resp._content = b""
                resp.close()
            return target

    session = Session()
    session.headers.update({"User-Agent": agent})
    session.max_redirects = 5
    return session


def _refuse_elsewhere(url: str, target: str, hosts: Container[str]) -> None:
    """InvalidURL for a redirect to a host that is not of `hosts`, from https to http, or to what is
    no URL.
    """
    from requests.exceptions import InvalidURL

    here, there = split_url(url), split_url(target, url)
    host = there.hostname or ""
    if not host:
        raise InvalidURL("it redirects to an invalid URL")
    if there.scheme not in ("https", here.scheme):
        raise InvalidURL(f"it redirects from https to {there.scheme}")
    if host != here.hostname and host not in hosts:
        raise InvalidURL(f"it redirects to another host, {host}")


def _wait(retry_after: str, attempt: int) -> float:
    """Seconds to wait: the server's Retry-After up to a limit, otherwise one, then two."""
    return (
        min(float(retry_after), LONGEST_WAIT)
        if retry_after.isascii() and retry_after.isdigit()
        else 1.0 * 2**attempt
    )


def _within_time(
    ask: Callable[[], Any], stop: threading.Event, skipped: Skipped
) -> Any:
    """The response to a request, read whole in a thread, so that neither a slow head nor a slow
    body can hold the caller.
    """
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
                raise requests.ReadTimeout(
                    f"no whole answer within {MAX_SECONDS:.0f} seconds"
                ) from None
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _read(
    response: Any, body: bytearray, given_up: threading.Event, skipped: Skipped
) -> None:
    """Read a response into `body`, and keep it as its content."""
    import requests

    for chunk in response.iter_content(1 << 16):
        body += chunk
        if len(body) > MAX_TRANSFER or given_up.is_set():
            response.close()
            raise requests.exceptions.ContentDecodingError(
                f"the response is larger than {MAX_TRANSFER >> 20} MiB"
            )
    data = bytes(body)
    # gzip expands at most a thousandfold
    if data[:2] == MAGIC and (len(data) > MAX_ANSWER >> 10 and _is_large(data)):
        host = host_of(response.url)
        data = gzip.compress(
            b"".join(within_limits(unpacked((data,), host), host, skipped, MAX_ANSWER)),
            1,
        )
    response._content = data


def _is_large(data: bytes) -> bool:
    """Whether what is packed is larger than what is taken of one answer."""
    return (
        sum(map(len, islice(unpacked((data,), ""), MAX_ANSWER // PIECE + 2)))
        > MAX_ANSWER
    )


def reason_of(error: BaseException) -> str:
    """Returns a short description of why a request failed."""
    import requests

    if isinstance(error, requests.Timeout):
        return str(error) if "whole answer" in str(error) else "timed out"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return "too many redirects"
    if isinstance(error, requests.exceptions.InvalidURL) and str(error).startswith(
        "it redirects"
    ):
        return str(error)
    inner = re.search(
        r"Connection refused|Name or service not known|Temporary failure in name resolution|No"
        r" route to host|reset by peer",
        str(error),
    )
    return inner[0].lower() if inner else "the connection failed"
