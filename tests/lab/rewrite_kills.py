# SPDX-License-Identifier: GPL-2.0-or-later
"""Kill commands that rewrite commits at random times, including their process groups.

Run `python -m tests.lab.rewrite_kills 200 [COMMAND…]`.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from email import message_from_bytes
from pathlib import Path

from patchpilot.commits.b4_prep import COMMIT, TIP_COMMIT
from patchpilot.commits.branch_move_journal import (
    find_record_file,
    find_unfinished_move,
)
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.tags.undo_rewrite import undo_branch_rewrite
from tests.kit.cli import call
from tests.kit.prep import COVER, create_prep_repository
from tests.kit.repos import Repo
from tests.kit.topics import topic_with_spaces

FILES = 40


def create_reviewed_branch(path: Path, strategy: str) -> Repo:
    """Create a `b4 prep` branch whose patches were sent and reviewed, and track the series."""
    repo, mbox = (
        create_prep_repository(path, strategy, 2, cover=COVER),
        path.parent / "thread.mbox",
    )
    folder = path.parent / "out"
    assert (
        call(
            "send -C", path, "--to", "widget@lists.example.org", "--outbox", folder, "--force", "x"
        ).code
        == 0
    )
    mails = [file.read_bytes() for file in sorted(folder.iterdir())]
    message_id = str(message_from_bytes(mails[0])["Message-ID"])
    review = (
        "From: Rita Reviewer <rita@example.org>\nTo: widget@lists.example.org\nSubject: Re: [PATCH"
        " 0/2] widget: two lines were wrong\nDate: Fri, 20 Nov 2026 12:00:00 +0000\nMessage-ID:"
        f" <r1@example.org>\nIn-Reply-To: {message_id}\nReferences: {message_id}\n\nFor the"
        " series:\n\nReviewed-by: Rita Reviewer <rita@example.org>\n"
    ).encode()
    mbox.write_bytes(
        b"".join(
            b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail.rstrip(b"\n") + b"\n\n"
            for mail in (*mails, review)
        )
    )
    assert call("track add -C", path, "--mbox", mbox).code == 0
    return repo


_DRAFT = (
    "draft",
    "-v",
    "4",
    "--cover-subject",
    "widget: both lines",
    "--cover",
    "Both were zero.",
    "--changelog",
    "- line 2 as well",
)
COMMANDS = {
    "check --fix": ("check", "--fix"),
    "prepare": ("prepare", "--yes", "--trailer", "https://example.org/r/1"),
    "undo": ("undo", "restore"),
    **{f"trailers ({strategy})": ("trailers", "--yes") for strategy in (COMMIT, TIP_COMMIT)},
    **{f"draft ({strategy})": _DRAFT for strategy in (COMMIT, TIP_COMMIT)},
}
_WITH_FILES = ("check --fix", "undo")


def create_rewrite_repository(path: Path, command: str) -> Repo:
    """Create a repository in which the command has something to rewrite."""
    name, _, strategy = command.rstrip(")").partition(" (")
    if name == "trailers":
        return create_reviewed_branch(path, strategy)
    repo = (
        create_prep_repository(path, strategy, 2, cover=COVER)
        if name == "draft"
        else topic_with_spaces(path, FILES)
    )
    if command == "undo":
        start_command(repo, "check --fix").wait()
    return repo


def start_command(repo: Repo, command: str) -> "subprocess.Popen[bytes]":
    argv = [
        sys.executable,
        "-m",
        "patchpilot",
        COMMANDS[command][0],
        "-C",
        str(repo.path),
        *COMMANDS[command][1:],
    ]
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def start_and_wait_for_write(repo: Repo, command: str) -> "subprocess.Popen[bytes]":
    """Start a command, and return when it writes for the first time."""
    objects_folder, lock_file = (
        repo.path / ".git" / "objects",
        repo.path / ".git" / "index.lock",
    )
    repo.git("repack -adq")
    repo.git("prune-packed -q")
    # remove empty directories, because a write to an existing directory does not change the time of
    # its parent
    for folder in objects_folder.glob("??"):
        with contextlib.suppress(OSError):
            folder.rmdir()
    old_mtime = objects_folder.stat().st_mtime_ns
    process, deadline = start_command(repo, command), time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        if (
            lock_file.exists()
            if command in _WITH_FILES
            else objects_folder.stat().st_mtime_ns != old_mtime
        ):
            break
        time.sleep(0.0003)
    return process


def measure_write(repo: Repo, command: str) -> float:
    """Return the seconds between the first write of a command and the update of the branch."""
    if command in _WITH_FILES:
        return 0.01
    file = repo.path / ".git" / repo.git("symbolic-ref HEAD")
    old_tip = file.read_bytes()
    process, start = start_and_wait_for_write(repo, command), time.monotonic()
    while process.poll() is None and file.read_bytes() == old_tip:
        time.sleep(0.0003)
    elapsed = time.monotonic() - start
    process.wait()
    assert file.read_bytes() != old_tip, command
    return elapsed


def kill_process_tree(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and all its descendants, including those in other process groups."""
    descendants = [process.pid]
    for pid in descendants:
        with contextlib.suppress(OSError):
            for children_file in Path(f"/proc/{pid}/task").glob("*/children"):
                descendants += [int(pid) for pid in children_file.read_text().split()]
    for pid in descendants:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def kill_rewrite_and_check(
    folder: Path, command: str, delay: float, *, in_checkout: bool
) -> tuple[bool, str]:
    """Kill a command.

    Return whether recovery restores either the old or the new state, and a description.
    """
    repo = create_rewrite_repository(folder / "repo", command)
    old_state = repo.state()
    process = (
        start_and_wait_for_write(repo, command) if in_checkout else start_command(repo, command)
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(delay)
    kill_process_tree(process)
    with Repository.open(repo.path) as repository:
        left_files = find_record_file(repository).exists()
        if left_files and find_unfinished_move(repository):
            undo_branch_rewrite(repository)
    new_state = repo.state()
    is_consistent = (
        not new_state[1]
        and new_state[2] == old_state[2]
        and not (repo.path / ".git" / "index.lock").exists()
    )
    outcome_kind = "settled" if left_files else "old" if new_state[0] == old_state[0] else "new"
    if command not in _WITH_FILES:
        is_consistent = is_consistent and (
            not command.startswith("draft")
            or _draft_matches(repo, is_new_state=outcome_kind == "new")
        )
        works_again, left_lock = _rerun_command(repo, command)
        is_consistent = (
            is_consistent
            and works_again
            and (repo.state()[0] == new_state[0]) == (outcome_kind == "new")
        )
        outcome_kind += ", a ref's lock left and named" if left_lock else ""
    return is_consistent, f"{command}: {outcome_kind}"


def _draft_matches(repo: Repo, *, is_new_state: bool) -> bool:
    """Return whether the draft has all changes of the killed command.

    If `is_new_state` is False, return whether it has none of them.
    """
    draft = json.loads(repo.patchpilot("draft --format json").out)["draft"]
    actual_fields = (
        draft["version"],
        draft["cover_subject"],
        draft["cover_text"],
        draft["changelogs"].get("4", "").rpartition("\n")[2],
    )
    expected = (4, "widget: both lines", "Both were zero.", "- line 2 as well")
    is_correct = (
        actual_fields == expected
        if is_new_state
        else not any(
            value == expected_value
            for value, expected_value in zip(actual_fields, expected, strict=True)
        )
    )
    if not is_correct:
        print(
            f"the branch is {'new' if is_new_state else 'old'}, the draft {actual_fields}",
            flush=True,
        )
    return is_correct


def _rerun_command(repo: Repo, command: str) -> tuple[bool, bool]:
    lock_files = [
        file
        for file in (repo.path / ".git").rglob("*.lock")
        if file.name == "HEAD.lock" or "heads" in file.parts
    ]
    argv = (COMMANDS[command][0], "-C", repo.path, *COMMANDS[command][1:])
    result = call(*argv)
    for _ in lock_files:
        doctor_checks = json.loads(repo.patchpilot("doctor --offline --format json").out)["checks"]
        hint = next(
            (
                doctor_check["hint"]
                for doctor_check in doctor_checks
                if doctor_check["name"] == "lock"
            ),
            "",
        )
        lock_file = next(
            (lock for lock in lock_files if lock.exists() and hint.endswith(f"rm {lock}")),
            None,
        )
        if lock_file is None or (result.code and f"rm {lock_file}" not in result.err):
            break
        lock_file.unlink()
        result = call(*argv)
    is_correct = result.code == 0 and not any(lock.exists() for lock in lock_files)
    if not is_correct:
        print(f"{command}, again: {result.code}: {result.err} {lock_files}", flush=True)
    return is_correct, bool(lock_files)


def main(count: int, commands: Sequence[str] = ()) -> int:
    """Kill commands that start with one of these words. Return 1 if a check failed."""
    selected_commands = [
        command for command in COMMANDS if not commands or command.startswith(tuple(commands))
    ]
    write_durations: dict[str, float] = {}
    seed = random.SystemRandom().randrange(1 << 30)
    delay_rng, outcome_counts, failures, start = (
        random.Random(seed),
        Counter[str](),
        0,
        time.monotonic(),
    )
    with contextlib.suppress(KeyboardInterrupt):
        for number in range(count):
            command = selected_commands[number % len(selected_commands)]
            with tempfile.TemporaryDirectory(prefix="patchpilot-rewrites-") as folder:
                os.environ |= {
                    "HOME": folder,
                    "XDG_STATE_HOME": f"{folder}/state",
                    "GIT_CONFIG_NOSYSTEM": "1",
                }
                for role in ("AUTHOR", "COMMITTER"):
                    os.environ |= {
                        f"GIT_{role}_NAME": "Ada Fixer",
                        f"GIT_{role}_EMAIL": "ada@example.org",
                    }
                if command not in write_durations:
                    os.environ["XDG_STATE_HOME"] = f"{folder}/timed/state"
                    write_durations[command] = measure_write(
                        create_rewrite_repository(Path(folder) / "timed" / "repo", command),
                        command,
                    )
                    os.environ["XDG_STATE_HOME"] = f"{folder}/state"
                in_checkout = bool(commands) or delay_rng.random() < 0.7
                delay = (
                    delay_rng.uniform(0, 2 * write_durations[command])
                    if in_checkout
                    else delay_rng.uniform(0.1, 2.0)
                )
                try:
                    is_correct, description = kill_rewrite_and_check(
                        Path(folder), command, delay, in_checkout=in_checkout
                    )
                except PatchpilotError as error:
                    is_correct, description = (
                        False,
                        f"{command}: error: {error.message} ({error.hint})",
                    )
            outcome_counts[description] += 1
            if not is_correct:
                failures += 1
                print(f"{number}: killed after {delay:.3f} s: {description}", flush=True)
    print(
        ", ".join(
            f"{command}: {1000 * write_duration:.0f} ms"
            for command, write_duration in write_durations.items()
        ),
        flush=True,
    )
    print(
        f"{outcome_counts.total()} kills (seed {seed}), {failures} wrong, {dict(outcome_counts)},"
        f" {time.monotonic() - start:.0f} s",
        flush=True,
    )
    return 1 if failures else 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("count", type=int, nargs="?", default=20)
    words.add_argument("commands", metavar="COMMAND", nargs="*")
    given = words.parse_args()
    for word in given.commands:
        if not any(command.startswith(word) for command in COMMANDS):
            words.error(f"no command begins with '{word}'")
    sys.exit(main(given.count, given.commands))
