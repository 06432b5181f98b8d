# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `doctor` command: find problems that would prevent a stage of the workflow.

Each problem is reported with a command that fixes it.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Literal

from patchpilot.archive.track_store import TRACK_LAYOUT, default_store_file
from patchpilot.commits.branch_move_journal import find_unfinished_move, refuse_locked
from patchpilot.commits.git_command import git
from patchpilot.commits.git_reading import git_version
from patchpilot.commits.git_state import find_busy_operation
from patchpilot.commits.private_config import Use, refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.commits.temporary_folder import TemporaryFolder, remove_leftover_folders
from patchpilot.errors import NetworkError, PatchpilotError, RefusedError, UsageError
from patchpilot.extras import install_command, system_install_command
from patchpilot.model.action import Action, Advice, UntrustedCommandsError
from patchpilot.model.address import AddressState, check_email_address, is_noreply_address
from patchpilot.model.bounded import MIB
from patchpilot.model.json_form import json_form
from patchpilot.model.printable import format_count, join_words
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.send_request import DEFAULT_TRANSPORT
from patchpilot.outgoing import probes, transports
from patchpilot.outgoing.hand_over import UNVERIFIED, find_delivery_problem
from patchpilot.outgoing.mail_account import describe_missing_sender, read_account
from patchpilot.outgoing.outbox import Outbox
from patchpilot.resources import TOPIC_DATABASE, state_folder
from patchpilot.series.database import damaged_error, recover_database
from patchpilot.series.topic_database import LAYOUT, open_topic_database
from patchpilot.topic.finish_send import finish_sends

if TYPE_CHECKING:
    from patchpilot.archive.web_session import WebSession


@json_form("stage name state message hint")
@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result of one `doctor` check.

    `state` is `ok`, `warn`, `fail` or `skip`.
    """

    stage: str
    name: str
    state: Literal["ok", "warn", "fail", "skip"]
    message: str
    hint: Advice = ""


@json_form("healthy checks=diagnoses")
@dataclass(frozen=True, slots=True)
class DoctorResult:
    """The results of all checks, in the order of the workflow."""

    diagnoses: tuple[Diagnosis, ...]

    @property
    def healthy(self) -> bool:
        """Return whether no problem prevents a stage of the workflow."""
        return not any(diagnosis.state == "fail" for diagnosis in self.diagnoses)


@dataclass(frozen=True, slots=True)
class DoctorRequest:
    """The settings that `doctor` checks.

    `terminal` is set if git may prompt for a password. `offline` skips checks that need the
    network. `wrong_settings` lists invalid settings that make other commands fail, and
    `unread_settings` lists settings that no command reads.
    """

    via: str = DEFAULT_TRANSPORT
    lore: str = "https://lore.kernel.org/all"
    identity: str | None = None
    profile: str = ""
    wrong_settings: Sequence[PatchpilotError] = ()
    unread_settings: Sequence[PatchpilotError] = ()
    offline: bool = False
    terminal: bool = False


def diagnose_setup(
    repository: Repository | None,
    request: DoctorRequest,
    *,
    progress: Progress = ignore_progress,
) -> DoctorResult:
    """Return what would prevent each stage of the workflow on this machine.

    Without a repository, check the mail account in git's global configuration.
    """
    with _open_settings(repository) as settings:
        stages = _run_checks(repository, settings, request, progress)
    invalid = (
        Diagnosis("settings", "setting", "fail", error.message, error.hint or "")
        for error in request.wrong_settings
    )
    ignored = (
        Diagnosis("settings", "setting", "warn", error.message, error.hint or "")
        for error in request.unread_settings
    )
    return DoctorResult((*invalid, *ignored, *stages))


@contextlib.contextmanager
def _open_settings(repository: Repository | None) -> Iterator[Repository]:
    """Yield the repository, or an empty one that has the global configuration."""
    if repository is not None:
        yield repository
        return
    with TemporaryFolder("doctor") as folder:
        git(folder, "init", "-q")
        with Repository.open(folder) as empty_repository:
            yield empty_repository


def record_arrival(repository: Repository | None, via: str, identity: str | None) -> str:
    """Record that the user received a message sent from here, and describe what follows.

    Raise UsageError if none was sent with the account, and RefusedError if none can have arrived.
    """
    transport = transports.find_transport(via)
    with _open_settings(repository) as settings:
        account = transport.account(settings, identity)
        transport.refuse_untrusted(settings, account)
    problem = find_delivery_problem(account)
    if problem and problem.name != UNVERIFIED:
        raise RefusedError(problem.message, hint=problem.hint)
    with Outbox() as outbox:
        if not outbox.note_received(account.label):
            raise UsageError(
                f"no message was sent with {account.label} yet",
                hint=Action("send", ("--to-self",), "send one to yourself: {}"),
            )
    return f"recorded: messages sent with {account.label} arrive"


def _run_checks(
    repository: Repository | None,
    settings: Repository,
    request: DoctorRequest,
    progress: Progress,
) -> tuple[Diagnosis, ...]:
    diagnoses: list[Diagnosis] = []
    checks: tuple[tuple[str, Callable[[], Iterator[probes.Probe]]], ...] = (
        ("repository", lambda: _check_repository(repository)),
        ("identity", lambda: _check_identity(settings, request.identity)),
        ("backports", lambda: _check_branches(repository, request.profile)),
        (
            "sending",
            lambda: _check_sending(
                settings,
                request.via,
                request.identity,
                request.offline,
                request.terminal,
            ),
        ),
        ("following", lambda: _check_archive(request.lore, request.offline)),
        ("checks", _list_checkers),
        ("checks", _check_build_setup),
        ("state", _check_state_directory),
    )
    for stage, check in checks:
        progress(f"checking {stage}")
        try:
            diagnoses += [
                Diagnosis(stage, probe.name, probe.state, probe.message, probe.hint)
                for probe in check()
            ]
        except PatchpilotError as error:
            diagnoses.append(Diagnosis(stage, stage, "fail", error.message, error.hint or ""))
    return tuple(diagnoses)


def _check_repository(repository: Repository | None) -> Iterator[probes.Probe]:
    if repository is None:
        yield probes.Probe(
            "repository",
            "warn",
            "not in a git repository: only patch files can be used",
            Action("", ("-C", "DIR"), "cd to your kernel tree, or {}"),
        )
        return
    version = git_version()
    yield probes.Probe("repository", "ok", f"{repository.top}, git {version}")
    if repository.is_shallow():
        yield probes.Probe(
            "shallow",
            "warn",
            "the clone is shallow: the commit that introduced a bug may be missing",
            "git fetch --unshallow",
        )
    if repository.is_partial():
        yield probes.Probe(
            "partial",
            "warn",
            "the clone is partial: missing objects are not fetched automatically",
            "git fetch --refetch --no-filter",
        )
    yield probes.probe_commit_graph(repository)
    yield from _check_untrusted_commands(repository)
    yield from _check_rewrites(repository)
    for finished_send in finish_sends(repository):
        yield probes.Probe(
            "unfinished send",
            "warn" if finished_send.startswith("b4 has no record of") else "ok",
            finished_send,
        )


def _check_untrusted_commands(repository: Repository) -> Iterator[probes.Probe]:
    try:
        refuse_untrusted(repository.top, *Use)
    except UntrustedCommandsError as error:
        yield probes.Probe("own commands", "warn", error.message, error.hint or "")


def _check_rewrites(repository: Repository) -> Iterator[probes.Probe]:
    operation = find_busy_operation(repository)
    if operation and find_unfinished_move(repository):
        yield probes.Probe(
            "unfinished move",
            "fail",
            f"{operation.label} is in progress",
            operation.hint,
        )
        return
    try:
        refuse_locked(repository, f"refs/heads/{repository.branch}" if repository.branch else None)
    except RefusedError as error:
        yield probes.Probe("lock", "warn", error.message, error.hint or "")


def _check_identity(repository: Repository, identity: str | None) -> Iterator[probes.Probe]:
    user = repository.identity
    fix_command = (
        "git config --global user.name 'Your Name'; git config --global user.email you@example.org"
    )
    if user is None:
        yield probes.Probe(
            "identity", "fail", "git user.name and user.email are not set", fix_command
        )
        return
    verdict = check_email_address(user.email)
    if (
        verdict.state is not AddressState.GOOD
        or is_noreply_address(user.email)
        or user.email.endswith((".localdomain", ".local"))
    ):
        yield probes.Probe(
            "identity",
            "fail" if verdict.state is AddressState.BAD else "warn",
            f"maintainers cannot reply to {user.email}",
            fix_command,
        )
    elif len(user.name.split()) < 2:
        yield probes.Probe(
            "identity",
            "warn",
            f"Signed-off-by: will have the name {user.name!r}; is it one of your identities?",
            fix_command,
        )
    else:
        yield probes.Probe("identity", "ok", str(user))
    account = read_account(repository, identity)
    sender = account.sender
    if sender is None:
        problem = describe_missing_sender(account)
        yield probes.Probe("sender", "fail", problem.message, problem.hint or "")
    if sender and sender.key != user.key:
        yield probes.Probe(
            "sender",
            "warn",
            f"you commit as {user.email} and send as {sender.email}",
            "git config sendemail.from, or user.email",
        )


def _check_branches(repository: Repository | None, profile: str) -> Iterator[probes.Probe]:
    if repository is None:
        yield probes.Probe("stable branches", "skip", "needs a repository")
        return
    from patchpilot.history.missing_branches import COMMAND
    from patchpilot.history.own_trees import find_own_trees
    from patchpilot.history.stable_branches import find_stable_branches, list_untagged_branches

    stable = find_stable_branches(repository, profile=profile or None)
    if find_own_trees(repository, stable.stable, profile or None) is None:
        yield probes.Probe("stable branches", "skip", "the project has no stable branches")
        return
    stale_branches = [branch for branch in stable.branches if branch.stale]
    if stale_branches:
        names = ", ".join(f"{branch.name} (of {branch.as_of})" for branch in stale_branches)
        remotes = dict.fromkeys(
            branch.name.split("/")[0] for branch in stale_branches if "/" in branch.name
        )
        yield probes.Probe(
            "stable branches",
            "warn",
            f"not fetched recently, so there may be newer branches: {names}",
            "; ".join(f"git fetch {quote(remote)}" for remote in remotes)
            or "fetch the branches from their remote",
        )
    if untagged := list_untagged_branches(repository, stable.branches):
        sources = filter(repository.remote_urls, (row.name.split("/")[0] for row in untagged))
        yield probes.Probe(
            "release tags",
            "warn",
            f"no tag of {join_words([row.version for row in untagged])} has been fetched: the"
            " releases that have a commit are unknown",
            "; ".join(f"git fetch --tags {quote(remote)}" for remote in dict.fromkeys(sources))
            or "fetch the tags from the remote of the branches",
        )
    if stable.missing:
        versions = ", ".join(series.version for series in stable.missing)
        yield probes.Probe(
            "stable branches",
            "warn",
            f"no branch of {versions} has been fetched: backports to them cannot be checked",
            COMMAND,
        )
    if (
        stable.branches
        and not stable.missing
        and not any(branch.stale for branch in stable.branches)
    ):
        yield probes.Probe(
            "stable branches",
            "ok",
            ", ".join(branch.name for branch in stable.branches),
        )


def _check_sending(
    repository: Repository,
    transport_name: str,
    identity: str | None,
    offline: bool,
    terminal: bool,
) -> Iterator[probes.Probe]:
    chosen_transport = transports.find_transport(transport_name)
    account = chosen_transport.account(repository, identity)
    for transport in transports.load_all_transports():
        if probe := transport.installed(
            repository, account, chosen=transport.name == chosen_transport.name
        ):
            yield probe
    yield from chosen_transport.probes(repository, account, offline=offline, terminal=terminal)


def _check_archive(lore: str, offline: bool) -> Iterator[probes.Probe]:
    if not lore.startswith("http"):
        yield _check_local_archive(lore)
        return
    if offline:
        yield probes.Probe("archive", "skip", f"{lore}: not checked (--offline)")
        return
    yield from probes.probe_archive_and_clock(lore, _open_session)


def _open_session() -> "WebSession":
    from patchpilot.archive.web_session import WebSession

    return WebSession()


def _check_local_archive(lore: str) -> probes.Probe:
    from patchpilot.archive.local_mails import open_local_mails
    from patchpilot.archive.open_archive import normalize_archive_address

    try:
        open_local_mails(Path(normalize_archive_address(lore))).close()
    except NetworkError as error:
        return probes.Probe(
            "archive",
            "warn",
            error.message,
            "git config --global patchpilot.lore PATH|URL sets another archive",
        )
    return probes.Probe("archive", "ok", f"{lore} is there")


def recover_databases() -> tuple[str, ...]:
    """Restore the user's damaged databases, and describe what was done.

    A database is rebuilt from its latest backup and the readable rows of the damaged file.
    """
    lines = []
    for file, layout in (
        (state_folder() / TOPIC_DATABASE, LAYOUT),
        (default_store_file(), TRACK_LAYOUT),
    ):
        if not file.exists():
            continue
        result = recover_database(file, layout)
        if result is None:
            lines.append(f"{layout.label} is intact: nothing was changed")
            continue
        source = (
            f"{result.restored} rows of the backup {result.backup.name}"
            if result.backup
            else "no backup"
        )
        lines.append(
            f"{layout.label}: restored from {source}, with {result.salvaged} rows of the damaged"
            f" file, which is now {result.damaged}"
        )
        if layout is TRACK_LAYOUT:
            lines.append(
                str(
                    Action(
                        "track",
                        ("update", "--all"),
                        "`{}` fetches the messages that were lost",
                    )
                )
            )
    return tuple(lines)


def _check_build_setup() -> Iterator[probes.Probe]:
    from patchpilot.building.configuration import (
        REQUIRED_PROGRAMS,
        find_missing_programs,
    )
    from patchpilot.building.work_place import list_build_directories, size_of

    directories = list_build_directories()
    if not directories:
        return
    size = sum(map(size_of, directories)) / MIB
    summary = f"{format_count(len(directories), 'directory')} with {size:.0f} MiB of objects"
    clean_action = Action("build", ("--clean",), "`{}` deletes them")
    yield probes.Probe("build", "ok", f"{summary}; {clean_action}")
    if programs := find_missing_programs(REQUIRED_PROGRAMS):
        command = system_install_command(*programs)
        yield probes.Probe("build programs", "warn", "some are missing", command)


def _list_checkers() -> Iterator[probes.Probe]:
    from patchpilot.building.field_checkers import CHECKERS

    for checker in CHECKERS:
        if checker.runs_tree:
            continue
        if checker.is_there():
            yield probes.Probe(checker.name, "ok", "used by check --checkers")
            continue
        command = checker.install or install_command("checkers")
        message = "not installed: check --checkers skips it"
        yield probes.Probe(checker.name, "skip", message, f"run `{command}`")


def _check_state_directory() -> Iterator[probes.Probe]:
    try:
        folder = state_folder()
        with contextlib.closing(open_topic_database()) as database:
            is_intact = database.execute("PRAGMA quick_check").fetchone()[0] == "ok"
            if not is_intact:
                raise damaged_error(database.file, LAYOUT.label, "quick_check reports errors")
    except PatchpilotError as error:
        yield probes.Probe(
            "outbox",
            "fail",
            error.message,
            error.hint or "a message is only sent after it was recorded",
        )
        return
    yield probes.Probe("outbox", "ok", f"{folder} is intact")
    if removed_folders := remove_leftover_folders():
        names = ", ".join(map(str, removed_folders))
        yield probes.Probe(
            "temporary files",
            "ok",
            f"removed {format_count(len(removed_folders), 'folder')} of killed runs: {names}",
        )
