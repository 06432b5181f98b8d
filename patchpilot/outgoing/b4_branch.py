# SPDX-License-Identifier: GPL-2.0-or-later
"""A branch in b4's books: enrolled without touching its commits, its record kept true, and taken out again."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError, RefusedError
from patchpilot.model.commit import Commit
from patchpilot.outgoing.b4_command import run

MARKER = "--- b4-submit-tracking ---"
_KEYS = ("b4-tracking", "b4-prep-cover-strategy", "description", "patchpilot-enrolled", "patchpilot-description")
"""What a branch's section of the configuration holds of b4's books."""
MAX_TOPIC = 200
"""Commits of a branch among which b4's cover commit is looked for."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How a branch stands in b4's books: its strategy, change-id, next revision, prefixes, and the cover b4 has."""

    branch: str
    strategy: str
    change_id: str
    revision: int
    prefixes: tuple[str, ...]
    cover: str
    history: tuple[tuple[str, tuple[str, ...]], ...] = ()
    by_us: bool = False


def enrolment(repository: Repository, branch: str) -> Enrolment | None:
    """The branch's enrolment, None when b4 does not know it."""
    config = _branch_config(repository, branch)
    strategy = (config.get("b4-prep-cover-strategy") or repository.config("b4.prep-cover-strategy") or ("commit",))[-1]
    by_us = config.get("patchpilot-enrolled", ("",))[-1] == "true"
    if strategy == "branch-description" or "b4-tracking" in config:
        text = config.get("b4-tracking", ("",))[-1]
        return _read(branch, "branch-description", text, config.get("description", ("",))[-1], by_us) if text else None
    commit = cover_commit(repository, branch)
    if commit is None:
        return None
    cover, _, rest = commit.message.partition(MARKER)
    return _read(branch, strategy, rest[rest.find("{") :], cover.strip(), False)


def cover_commit(repository: Repository, branch: str) -> Commit | None:
    """The empty commit that holds b4's cover letter, where the branch has one."""
    tip = repository.find(f"refs/heads/{branch}")
    if tip is None:
        return None
    # a topic is short: history as a whole is not searched
    for commit_id in repository.rev_list(f"--max-count={MAX_TOPIC}", "--no-merges", tip, "--not", "--remotes"):
        commit = repository.commit(commit_id)
        if MARKER in commit.message:
            return commit
    return None


def _base_name(repository: Repository, branch: str, base: str, asked: str | None) -> str:
    """What b4 is to be given as base: the branch that was asked for where the topic forked there, else the commit or another such branch.

    b4 takes a commit for one of the only other branch that has it, and refuses one that several have, as every clone with a local master does.
    """
    if asked and (named := _branch_name(repository, asked)) not in ("", branch) and _forked(repository, named, branch) == base:
        return named
    listed = repository.git("for-each-ref", "--format=%(refname:lstrip=2)", f"--contains={base}", "refs/heads", "refs/remotes").text
    others = [one for one in listed.split() if one != branch and not one.startswith("b4/") and not one.endswith("/HEAD")]
    if len(others) < 2:
        return base
    upstream = repository.git("rev-parse", "--abbrev-ref", f"{branch}@{{upstream}}", ok=()).text.strip()
    others.sort(key=lambda one: (one != upstream, not one.startswith("origin/")))
    forked = (one for one in others if _forked(repository, one, branch) == base)
    return next(forked, base)


def _branch_name(repository: Repository, word: str) -> str:
    """The short name of the branch, here or of a remote, that a revision names; "" where it is none."""
    done = repository.git("rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options", word, ok=())
    found = re.fullmatch(r"refs/(?:heads|remotes)/(\S+)", done.text.strip())
    return found[1] if found and not done.code else ""


def _forked(repository: Repository, one: str, other: str) -> str:
    return repository.git("merge-base", one, other, ok=()).text.strip()


def enrol(repository: Repository, branch: str, base: str, asked: str | None = None) -> Enrolment:
    """Put the checked-out branch into b4's books by its branch description; its commits stay as they are. `asked` is the base as it was named."""
    known = enrolment(repository, branch)
    if known:
        return known
    before = repository.resolve("HEAD")
    description = _branch_config(repository, branch).get("description")
    named = _base_name(repository, branch, base, asked)
    done = run(repository, "-c", "b4.prep-cover-strategy=branch-description", "prep", "-e", named, stdin=b"")
    # b4 remembers the strategy for a branch only where it is set: a later call without our -c must find it
    repository.git("config", f"branch.{branch}.b4-prep-cover-strategy", "branch-description")
    found = enrolment(repository, branch)
    if done.code or found is None or repository.resolve("HEAD") != before:
        withdraw(repository, branch)
        words = done.error_text.splitlines()
        raise RefusedError(
            f"b4 does not take the branch {branch}: {words[-1] if words else 'no reason given'}", hint="use --via git-send-email"
        )
    repository.git("config", f"branch.{branch}.patchpilot-enrolled", "true")
    if description:
        repository.git("config", f"branch.{branch}.patchpilot-description", description[-1])
    return Enrolment(found.branch, found.strategy, found.change_id, found.revision, found.prefixes, "", found.history, True)


def withdraw(repository: Repository, branch: str) -> None:
    """Take a branch out of b4's books again; its own description is kept when it was not b4's."""
    for key in ("b4-tracking", "b4-prep-cover-strategy", "patchpilot-enrolled"):
        repository.git("config", "--unset-all", f"branch.{branch}.{key}", ok=(0, 1, 5))
    kept = _branch_config(repository, branch).get("patchpilot-description")
    repository.git("config", "--unset-all", f"branch.{branch}.description", ok=(0, 1, 5))
    if kept:
        repository.git("config", f"branch.{branch}.description", kept[-1])
        repository.git("config", "--unset-all", f"branch.{branch}.patchpilot-description", ok=(0, 1, 5))


def books(repository: Repository, branch: str) -> dict[str, tuple[str, ...]]:
    """What the repository's configuration holds of a branch in b4's books, to be put back by `put_books`."""
    done = repository.git("config", "--local", "-z", "--get-regexp", r"^branch\..*", ok=(0, 1))
    found: dict[str, tuple[str, ...]] = {}
    for entry in done.text.split("\0"):
        name, _, value = entry.partition("\n")
        key = name.removeprefix(f"branch.{branch}.")
        if key in _KEYS and key != name:
            found[key] = (*found.get(key, ()), value)
    return found


def put_books(repository: Repository, branch: str, wanted: Mapping[str, Sequence[str]]) -> None:
    """Make the branch's books what they were, or are to be; only what differs is written."""
    now = books(repository, branch)
    for key in _KEYS:
        if tuple(wanted.get(key, ())) == now.get(key, ()):
            continue
        name = f"branch.{branch}.{key}"
        repository.git("config", "--local", "--unset-all", name, ok=(0, 1, 5))
        for value in wanted.get(key, ()):
            repository.git("config", "--local", "--add", "--", name, value)


def reopen(repository: Repository, branch: str, wanted: Mapping[str, Sequence[str]]) -> None:
    """Put a branch into b4's books as it was when its mails were made; what b4 has noted of sends since then stays, and so do newer books."""
    if not wanted:
        return
    data: dict[str, Any] = json.loads(wanted["b4-tracking"][-1])
    now = enrolment(repository, branch)
    if now and now.revision > int(data["series"].get("revision", 1)):
        return
    noted = {version: list(ids) for version, ids in now.history} if now else {}
    if noted:
        data["series"]["history"] = {**(data["series"].get("history") or {}), **noted}
    put_books(repository, branch, {**wanted, "b4-tracking": (json.dumps(data),)})


def write_record(
    repository: Repository, known: Enrolment, *, change_id: str, revision: int, prefixes: Sequence[str], cover: str
) -> Enrolment:
    """Write the topic's texts into b4's books (branch-description strategy); for b4's own cover commits they are left as they are."""
    if known.strategy != "branch-description":
        return known
    branch = known.branch
    data = json.loads(_branch_config(repository, branch)["b4-tracking"][-1])
    data["series"] |= {"change-id": change_id, "revision": revision, "prefixes": list(prefixes)}
    repository.git("config", f"branch.{branch}.b4-tracking", json.dumps(data))
    repository.git("config", f"branch.{branch}.description", cover)
    found = enrolment(repository, branch)
    assert found is not None
    return found


def correct_record(repository: Repository, known: Enrolment, message_id: str) -> None:
    """After a send: b4 noted the Message-ID of its last run; note the one that left instead."""
    now = enrolment(repository, known.branch)
    if now is None:
        return
    wrong = next((ids[-1] for version, ids in now.history if version == f"v{known.revision}" and ids), None)
    if wrong is None or wrong == message_id:
        return
    if now.strategy == "branch-description":
        config = _branch_config(repository, known.branch)
        for key in ("b4-tracking", "description"):
            if key in config:
                repository.git("config", f"branch.{known.branch}.{key}", config[key][-1].replace(wrong, message_id))
        return
    _rewrite_cover(repository, known.branch, wrong, message_id)


def _rewrite_cover(repository: Repository, branch: str, wrong: str, right: str) -> None:
    """b4's cover commit with another Message-ID, and the commits on it; trees, authors and dates stay."""
    cover = cover_commit(repository, branch)
    if cover is None:
        return
    tip = repository.resolve(f"refs/heads/{branch}")
    new: dict[str, str] = {}
    for commit_id in (cover.id, *repository.rev_list("--reverse", "--topo-order", f"{cover.id}..{tip}")):
        found = repository.objects.get(commit_id)
        if found is None:
            raise GitError(f"commit {commit_id[:12]} is gone")
        head, _, message = found[2].partition(b"\n\n")
        for old, made in new.items():
            head = head.replace(b"parent " + old.encode(), b"parent " + made.encode())
        if commit_id == cover.id:
            message = message.replace(wrong.encode(), right.encode())
        head = re.sub(rb"\ngpgsig(?:-sha256)? [^\n]*(?:\n [^\n]*)*", b"", head)
        new[commit_id] = repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=head + b"\n\n" + message).text.strip()
    repository.git("update-ref", "-m", "patchpilot: the Message-ID that was sent", f"refs/heads/{branch}", new[tip], tip)


def _branch_config(repository: Repository, branch: str) -> dict[str, tuple[str, ...]]:
    prefix = f"branch.{branch}."
    found = repository.config_regexp(r"^branch\..*")
    return {key[len(prefix) :]: values for key, values in found.items() if key.startswith(prefix) and "." not in key[len(prefix) :]}


def _read(branch: str, strategy: str, text: str, cover: str, by_us: bool) -> Enrolment | None:
    try:
        series: dict[str, Any] = json.loads(text)["series"]
    except (ValueError, KeyError, TypeError):
        return None
    history = tuple((str(version), tuple(str(one) for one in ids)) for version, ids in dict(series.get("history") or {}).items())
    return Enrolment(
        branch=branch,
        strategy=strategy,
        change_id=str(series.get("change-id", "")),
        revision=int(series.get("revision", 1)),
        prefixes=tuple(str(one) for one in series.get("prefixes") or ()),
        cover=cover,
        history=history,
        by_us=by_us,
    )
