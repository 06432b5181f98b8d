# SPDX-License-Identifier: GPL-2.0-or-later
"""Run commands on generated hostile repositories, messages and archives.

No command may exit with code 70, raise an exception, or print JSON that does not match its schema.

    python -m tests.lab.fuzz_commands [--minutes N] [--seed N] [--commands check,track,…]
        [--world N] [--keep]

Each world (tests/lab/hostile_world.py) is generated from the seed and its number; its archive is a
server on loopback. Three commands are run in each world, in this process. Each failure is printed
once, with a command that reproduces it; its world is kept in the temporary directory. `--world N`
runs that world only.
"""

import argparse
import contextlib
import hashlib
import http.server
import os
import random
import re
import resource
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from tests.kit.cli import call
from tests.lab.hostile_world import LINES, TOML, HostileWorld, RandomDamage, create_hostile_world

SECONDS, PATIENCE, MEGABYTES, GIGABYTES = 20.0, 180, 300, 4
"""The limits of a call: CPU seconds, seconds until it is killed, memory, and memory at which it
fails.
"""
_AT_ONCE = 3
Argv = Sequence[object]
_LOG = re.compile(r"the traceback is in (\S+\.log)")
_GITCONFIG = """\
[user]
	name = Ada Fixer
	email = ada@example.org
[commit]
	gpgSign = false
[gc]
	auto = 0
[sendemail]
	smtpServer = 127.0.0.1
	smtpServerPort = 9
"""


class TooSlowError(BaseException):
    """Raised if a command takes too long."""


@dataclass(slots=True)
class HostileArchive:
    """A server on loopback that sends the responses of the current world in order."""

    answers: Sequence[tuple[int, bytes, str]] = ()
    asked: int = 0
    url: str = ""

    def next_response(self) -> tuple[int, bytes, str]:
        self.asked += 1
        return (
            self.answers[(self.asked - 1) % len(self.answers)] if self.answers else (404, b"", "")
        )

    @contextlib.contextmanager
    def serve_responses(self) -> Iterator[None]:
        archive = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body, location = archive.next_response()
                with contextlib.suppress(OSError):
                    self.wfile.write(
                        f"HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length:"
                        f" {len(body)}\r\n".encode()
                    )
                    self.wfile.write(
                        f"Location: {location}\r\n".encode("latin-1", "replace")
                        if location
                        else b""
                    )
                    self.wfile.write(b"\r\n" + body)

            do_HEAD = do_GET  # noqa: N815 (the names http.server looks for)
            do_POST = do_GET  # noqa: N815

            def log_message(self, *args: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()


def _make_check_commands(world: HostileWorld, rng: random.Random, _url: str) -> Iterator[Argv]:
    output_formats = (
        "text",
        "json",
        "checkpatch",
        "sarif",
        "github",
        "gitlab",
        "junit",
        "jsonl",
    )
    for target in (
        (world.patch,),
        (world.mbox,),
        ("-C", world.repo),
        ("-C", world.repo, world.patch),
    ):
        yield (
            "check",
            "--jobs",
            1,
            "--strict",
            "--format",
            rng.choice(output_formats),
            *target,
        )
    yield "check", "--jobs", 1, "--checkpatch-compat", world.patch
    yield (
        "check",
        "--jobs",
        1,
        "-f",
        world.repo / "drivers" / "demo" / "pump.c",
        "--tree",
        world.repo,
    )


def _make_fix_commands(world: HostileWorld, rng: random.Random, _url: str) -> Iterator[Argv]:
    yield "check", "--jobs", 1, "--diff", "--strict", world.patch
    yield "check", "--jobs", 1, "--diff", "--strict", "-C", world.repo
    copies_files = world.folder / "fixed.patch"
    shutil.copyfile(world.patch, copies_files)
    yield "check", "--jobs", 1, "--fix", "--strict", copies_files
    yield "check", "--jobs", 1, "--fix", "--strict", "-C", world.repo
    yield "undo", "-C", world.repo


def _make_track_commands(world: HostileWorld, rng: random.Random, url: str) -> Iterator[Argv]:
    yield "track", "add", "--lore", url, rng.choice(world.message_ids)
    yield "track", "add", "-C", world.repo, "--mbox", world.mbox
    yield "track", "--format", rng.choice(("text", "json")), "-C", world.repo
    yield "track", "show", 1, "-C", world.repo
    yield "track", "show", 1, "--format", "json"
    yield (
        "track",
        "update",
        "--fresh",
        "-C",
        world.repo,
        *rng.choice(((), ("--all",), ("--lore", url))),
    )
    yield "track", "update", "--format", "json"
    yield "track", "show", 2
    yield "track", "show", rng.choice((1, 2)), "--range-diff"
    yield "track", "show", rng.choice((1, 2)), "--ledger"
    yield "track", "classify", "--format", rng.choice(("text", "json")), world.mbox
    yield "track", "update", 1, "--all", *rng.choice(((), ("--lore", url)))


def _make_reply_commands(world: HostileWorld, rng: random.Random, _url: str) -> Iterator[Argv]:
    reply_file = world.folder / "reply.txt"
    reply_file.write_bytes(RandomDamage(str(rng.random())).damage_lines(b"Thanks, done in v2.\n"))
    yield "track", "add", "-C", world.repo, "--mbox", world.mbox
    for target in (1, world.message_ids[0], "r1@example.org", world.patch):
        template = rng.choice(("reply", "ping", "withdraw", "objection", "thanks"))
        yield (
            "track",
            "reply",
            target,
            "-C",
            world.repo,
            "--dry-run",
            "--template",
            template,
            "--format",
            rng.choice(("text", "json")),
        )
    yield (
        "track",
        "reply",
        "r1@example.org",
        "-C",
        world.repo,
        "--dry-run",
        "--message",
        reply_file,
    )
    yield (
        "track",
        "reply",
        "s2@example.org",
        "-C",
        world.repo,
        "--dry-run",
        "--patch",
        "HEAD",
    )


def _make_trailers_commands(world: HostileWorld, rng: random.Random, url: str) -> Iterator[Argv]:
    yield (
        "track",
        "add",
        "-C",
        world.repo,
        *rng.choice((("--mbox", world.mbox), ("--lore", url, "v2@example.org"))),
    )
    yield (
        "trailers",
        "-C",
        world.repo,
        "--dry-run",
        "--changed",
        "--format",
        rng.choice(("text", "json")),
    )
    yield "trailers", "-C", world.repo, "--yes"
    yield "track", "show", 1, "-C", world.repo


def _make_backport_commands(world: HostileWorld, rng: random.Random, _url: str) -> Iterator[Argv]:
    yield (
        "backport",
        "-C",
        world.repo,
        "--format",
        rng.choice(("text", "json", "markdown")),
        "HEAD",
    )
    yield (
        "backport",
        "-C",
        world.repo,
        "--adapt",
        "--write",
        world.folder / "out",
        "--signoff",
        "--onto",
        "stable/linux-6.1.y",
        "HEAD",
    )
    yield "backport", "--tree", world.repo, "--onto", world.repo, world.patch


def _make_tags_commands(world: HostileWorld, rng: random.Random, _url: str) -> Iterator[Argv]:
    format_option = ("--format", rng.choice(("text", "json")))
    yield (
        "fixes",
        "-C",
        world.repo,
        *format_option,
        rng.choice(("HEAD", "HEAD~1..HEAD", world.patch)),
    )
    yield "fixes", "-C", world.repo, "--verify"
    yield "stable", "-C", world.repo, *format_option, "HEAD"
    yield "prepare", "-C", world.repo, "--dry-run", *format_option
    yield "prepare", "-C", world.repo, "--yes", "--signoff", "--stable", "auto"


def _make_maintainers_commands(
    world: HostileWorld, rng: random.Random, _url: str
) -> Iterator[Argv]:
    for output_format in ("text", "json", "get_maintainer"):
        target = rng.choice(
            (
                ("-C", world.repo),
                ("--tree", world.repo, world.patch),
                ("-C", world.repo, "-f", "drivers/demo/pump.c"),
            )
        )
        yield "maintainers", "--format", output_format, *target
    yield (
        "maintainers",
        "--format",
        "get_maintainer",
        "--git",
        "--rolestats",
        "-C",
        world.repo,
        world.patch,
    )


def _make_draft_commands(world: HostileWorld, rng: random.Random, _url: str) -> Iterator[Argv]:
    damage = RandomDamage(str(rng.random()))
    damage.heat = 0.4
    file = world.folder / "draft.txt"
    yield "draft", "-C", world.repo, "--export", file
    valid_content = file.read_bytes() if file.exists() else b"# x\n"
    file.write_bytes(damage.damage_lines(valid_content, (*LINES, *TOML)))
    yield "draft", "-C", world.repo, "--import", file
    yield "draft", "-C", world.repo, "--format", "json"
    yield (
        "draft",
        "-C",
        world.repo,
        "--changelog",
        "x\n" * rng.choice((1, 999)),
        "--cover-subject",
        "y",
    )
    yield "draft", "-C", world.repo, "--ping"
    yield "config", "-C", world.repo
    yield (
        "send",
        "-C",
        world.repo,
        "--outbox",
        world.folder / "outbox",
        "--force",
        "fuzz",
        "--security",
        "no",
        "--regression",
        "no",
    )


COMMANDS: dict[str, Callable[[HostileWorld, random.Random, str], Iterator[Argv]]] = {
    "check": _make_check_commands, "fix": _make_fix_commands, "track": _make_track_commands, "reply": _make_reply_commands, "trailers": _make_trailers_commands, "backport": _make_backport_commands, "tags": _make_tags_commands,  # noqa: E501
    "maintainers": _make_maintainers_commands, "draft": _make_draft_commands,
}  # fmt: skip


@dataclass(slots=True)
class FailureReport:
    """The number of commands that were run, and their failures by cause."""

    seed: int
    keep: bool = False
    worlds: int = 0
    calls: int = 0
    codes: dict[int, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)

    def report_failure(
        self, key: str, error_text: str, number: int, argv: Argv, folder: Path
    ) -> None:
        """Print a failure that is new, with the command that reproduces it. Keep its world."""
        self.failures[key] = self.failures.get(key, 0) + 1
        if self.failures[key] > 1:
            return
        copy = (
            Path(tempfile.gettempdir())
            / f"fuzz-commands-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
        )
        if not copy.exists():
            shutil.copytree(folder, copy, symlinks=True, ignore_dangling_symlinks=True)
        arguments = " ".join(str(argument) for argument in argv)
        print(
            f"FAILED: {key}\n  --seed {self.seed} --world {number}; kept in {copy}\n  patchpilot"
            f" {arguments}\n{error_text}",
            flush=True,
        )

    def format_progress(self) -> str:
        exits = ", ".join(
            f"exit {exit_code}: {count:,}" for exit_code, count in sorted(self.codes.items())
        )
        failures = sum(self.failures.values())
        return (
            f"{self.worlds:,} worlds, {self.calls:,} calls ({exits}), {failures} failed in"
            f" {len(self.failures)} ways, {_measure_peak_memory()} MB"
        )


def run_commands_in_world(
    number: int,
    commands: Sequence[str],
    archive: HostileArchive,
    root: Path,
    report: FailureReport,
) -> None:
    folder = root / f"world-{number}"
    folder.mkdir()
    url = f"{archive.url}/{number}"
    world = create_hostile_world(folder, f"{report.seed} {number}", url)
    archive.answers, archive.asked = world.answers, 0
    chosen_commands = random.Random(f"{report.seed} {number}").sample(
        commands, min(_AT_ONCE, len(commands))
    )
    for command in chosen_commands:
        os.environ["XDG_STATE_HOME"] = str(folder / f"state-{command}")
        for argv in COMMANDS[command](
            world, random.Random(f"{report.seed} {number} {command}"), url
        ):
            _run_fuzzed_command(argv, number, folder, report)
    report.worlds += 1
    shutil.rmtree(folder, ignore_errors=True)


def _run_fuzzed_command(argv: Argv, number: int, folder: Path, report: FailureReport) -> None:
    start, memory = time.process_time(), _measure_peak_memory()
    signal.alarm(PATIENCE)
    report.calls += 1
    try:
        result = call(*argv)
    except TooSlowError:
        report.report_failure(
            f"no end: {argv[0]} {argv[1]}",
            traceback.format_exc(limit=-6),
            number,
            argv,
            folder,
        )
        return
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever it is, it is a failure)
        report.report_failure(
            f"{type(error).__name__} {_find_innermost_frame(error)}",
            traceback.format_exc(limit=-6),
            number,
            argv,
            folder,
        )
        return
    finally:
        signal.alarm(0)
    report.codes[result.code] = report.codes.get(result.code, 0) + 1
    elapsed = time.process_time() - start
    if result.code == 70 or "Traceback (most recent call last)" in result.err:
        match = _LOG.search(result.err)
        log = Path(match[1]).read_text(errors="replace") if match else result.err
        if match:
            Path(match[1]).unlink()
        report.report_failure(
            _make_failure_key(log),
            "\n".join(log.splitlines()[-14:]),
            number,
            argv,
            folder,
        )
    elif elapsed > SECONDS:
        report.report_failure(
            f"slow: {argv[0]} {argv[1]}", f"{elapsed:.0f} s", number, argv, folder
        )
    elif (more := _measure_peak_memory() - memory) > MEGABYTES:
        report.report_failure(
            f"memory: {argv[0]} {argv[1]}", f"{more} MB more", number, argv, folder
        )


def _measure_peak_memory() -> int:
    """Return the largest memory that this process had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _find_innermost_frame(error: BaseException) -> str:
    our_frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "/patchpilot/" in frame.filename
    ]
    return (
        f"{our_frames[-1].filename.rpartition('/patchpilot/')[2]}:{our_frames[-1].lineno}"
        if our_frames
        else re.sub(r"[0-9]+", "N", str(error))[:120]
    )


def _make_failure_key(log: str) -> str:
    """Return a key that is the same for all tracebacks of one bug.

    It consists of the exception and the innermost line in patchpilot.
    """
    frames = re.findall(r'File ".*/patchpilot/(\S+\.py)", line (\d+)', log)
    error = next(
        (line for line in reversed(log.splitlines()) if re.match(r"\w[\w.]*(:|$)", line)),
        "",
    )
    return f"exit 70: {error.partition(':')[0]} {':'.join(frames[-1]) if frames else ''}"


@contextlib.contextmanager
def _isolate_home() -> Iterator[Path]:
    """Use a separate home directory, and no network except loopback."""
    from patchpilot.archive import archive

    root = Path(tempfile.mkdtemp(prefix="fuzz-commands-"))
    for name in [
        name for name in os.environ if name.startswith(("GIT_", "XDG_", "PATCHPILOT_", "B4_"))
    ]:
        del os.environ[name]
    os.environ |= {
        "HOME": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        "NO_COLOR": "1",
        "XDG_CACHE_HOME": str(root / "cache"),
        "GIT_CEILING_DIRECTORIES": str(root),
    }
    (root / ".gitconfig").write_text(_GITCONFIG)
    os.chdir(root)
    # do not wait for the time in Retry-After
    archive.BETWEEN_REQUESTS = 0.0
    archive._retry_delay = lambda *_: 0.0
    real_connect = socket.socket.connect

    def connect_to_loopback(self: socket.socket, address_: Any) -> None:
        if self.family != socket.AF_UNIX and address_[0] not in ("127.0.0.1", "::1"):
            raise OSError(f"no network: {address_[0]}")
        real_connect(self, address_)

    socket.socket.connect = connect_to_loopback  # type: ignore[method-assign]
    signal.signal(signal.SIGALRM, _raise_too_slow)
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES << 30, GIGABYTES << 30))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _raise_too_slow(*_: object) -> NoReturn:
    raise TooSlowError


def main(argv: Sequence[str] | None = None) -> int:
    """Run commands in one world after another until the time is up.

    Return 1 after a failure.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commands", default=",".join(COMMANDS), help="some of: %(default)s")
    parser.add_argument("--world", type=int)
    args = parser.parse_args(argv)
    commands = args.commands.split(",")
    if unknown_commands := set(commands) - COMMANDS.keys():
        parser.error(f"no such command: {', '.join(unknown_commands)}")
    report, archive = FailureReport(args.seed), HostileArchive()
    deadline = report_time = time.monotonic()
    deadline += args.minutes * 60
    number = args.world if args.world is not None else 1
    with _isolate_home() as root, archive.serve_responses():
        while True:
            run_commands_in_world(number, commands, archive, root, report)
            number += 1
            if args.world is not None or time.monotonic() > deadline:
                break
            if time.monotonic() > report_time + 60:
                report_time = time.monotonic()
                print(report.format_progress(), flush=True)
    print(report.format_progress())
    for failure_key, count in sorted(report.failures.items(), key=lambda item: -item[1]):
        print(f"{count:6}  {failure_key}")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
