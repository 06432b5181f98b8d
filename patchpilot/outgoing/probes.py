# SPDX-License-Identifier: GPL-2.0-or-later
"""Check whether the archive, the clock and the commit-graph work as needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from patchpilot.commits.repository import Repository
from patchpilot.extras import install_command
from patchpilot.model.action import Action, Advice
from patchpilot.model.bounded import parse_date
from patchpilot.outgoing.smtp import describe_error
from patchpilot.read_file import read_regular_file
from patchpilot.urls import hide_url_credentials

if TYPE_CHECKING:
    import requests

ProbeState = Literal["ok", "warn", "fail", "skip"]


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of a probe: "ok", "warn", "fail" or "skip", with a message and a hint.

    Passwords in URLs are removed.
    """

    name: str
    state: ProbeState
    message: str
    hint: Advice = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", hide_url_credentials(self.message))


def probe_archive_and_clock(
    url: str, open_session: Callable[[], "requests.Session"]
) -> tuple[Probe, ...]:
    """Check that the archive is reachable and that its clock agrees with the local one."""
    try:
        import requests
    except ModuleNotFoundError:
        message = "the archive was not asked: requests is not installed"
        return (Probe("archive", "skip", message, install_command("send")),)

    try:
        with open_session() as session:
            response = session.head(url.rstrip("/") + "/", timeout=10.0, allow_redirects=True)
    except (requests.RequestException, ValueError) as error:
        return (
            Probe(
                "archive",
                "warn",
                f"{url} cannot be reached: {_format_reason(error)}",
                Action(
                    "track",
                    ("add", "--mbox", "FILE"),
                    "replies cannot be tracked until it is reachable; `{}` reads them from a file",
                ),
            ),
        )
    probes = [Probe("archive", "ok", f"{url} is reachable")]
    if response.status_code >= 400:
        probes = [
            Probe(
                "archive",
                "warn",
                f"{url} returned status {response.status_code}",
                "git config --global patchpilot.lore URL sets another archive",
            )
        ]
    archive_time = parse_date(response.headers.get("Date", ""))
    if archive_time is None:
        return tuple(probes)
    skew = datetime.now(UTC) - archive_time
    if abs(skew) > timedelta(minutes=5):
        probes.append(
            Probe(
                "clock",
                "warn",
                f"this machine's clock is {_format_skew(skew)} (compared with the archive's):"
                " messages would have a wrong date",
                "timedatectl set-ntp true",
            )
        )
    else:
        probes.append(Probe("clock", "ok", "the clock agrees with the archive's"))
    return tuple(probes)


def _format_reason(error: Exception) -> str:
    text = str(error)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "host not found (or no DNS)"
    if "timed out" in text.lower():
        return "timed out"
    return (
        describe_error(error.args[0])
        if error.args and isinstance(error.args[0], OSError)
        else "no connection"
    )


def _format_skew(skew: timedelta) -> str:
    minutes = int(abs(skew).total_seconds() // 60)
    return f"{minutes} minutes {'fast' if skew > timedelta(0) else 'slow'}"


def probe_commit_graph(repository: Repository, large: int = 20_000) -> Probe:
    """Check that there is a commit-graph with changed-path filters, for fast history queries."""
    info = repository.common_dir / "objects" / "info"
    command = "git commit-graph write --reachable --changed-paths"
    single_file, chain = (
        info / "commit-graph",
        info / "commit-graphs" / "commit-graph-chain",
    )
    files: Sequence[Path] = ()
    if single_file.exists():
        files = (single_file,)
    elif chain.exists():
        names = (read_regular_file(chain) or b"").decode("ascii", "replace").split()
        files = tuple(info / "commit-graphs" / f"graph-{name}.graph" for name in names)
    if any(_has_bloom_filters(file) for file in files if file.exists()):
        return Probe("commit-graph", "ok", "there is a commit-graph with changed-path filters")
    count = repository.git("rev-list", "--count", f"--max-count={large}", "--all").text.strip()
    if int(count or 0) < large:
        return Probe("commit-graph", "ok", "small history: no commit-graph needed")
    problem = (
        "the commit-graph has no changed-path filters"
        if files
        else "no commit-graph: history queries take ten times as long"
    )
    return Probe("commit-graph", "warn", problem, command)


def _has_bloom_filters(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as handle:
        head = handle.read(8)
        if len(head) < 8 or head[:4] != b"CGPH":
            return False
        table = handle.read(12 * (head[6] + 1))
    return any(table[offset : offset + 4] == b"BIDX" for offset in range(0, len(table), 12))
