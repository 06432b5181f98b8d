# SPDX-License-Identifier: GPL-2.0-or-later
"""Walks over commits that are not in the index yet, parents first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from patchpilot.commits.commit_parser import parse_commit
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import streaming
from patchpilot.model.upstream_references import Marks, read_marks

_FORMAT = "--format=%H %P%n%B"
_FEW = 3000


@dataclass(frozen=True, slots=True)
class CommitFact:
    """The facts that the index stores for a commit."""

    id: str
    parents: tuple[str, ...]
    subject: str
    marks: Marks


def new_facts(
    repository: Repository,
    tips: Sequence[str],
    known: Callable[[str], bool],
    old: Sequence[str],
) -> Iterator[CommitFact]:
    """Yields the facts of all commits reachable from `tips` that are not `known`, parents first.

    All commits reachable from `old` are known. A few commits are read one by one, up to the known
    ones; many are read with a single `git log`.
    """
    if old:
        few = _few(repository, tips, known)
        if few is not None:
            yield from few
            return
    less = [f"^{tip}" for tip in old]
    with streaming(
        repository.top,
        "log",
        "--topo-order",
        "--reverse",
        "--ignore-missing",
        "-z",
        _FORMAT,
        *tips,
        *less,
        "--",
    ) as out:
        rest = b""
        while block := out.read(1 << 20):
            *records, rest = (rest + block).split(b"\0")
            for record in records:
                fact = _fact(record)
                if fact and not (old and known(fact.id)):
                    yield fact
        fact = _fact(rest)
        if fact and not (old and known(fact.id)):
            yield fact


def _fact(record: bytes) -> CommitFact | None:
    head, _, message = record.strip(b"\n").partition(b"\n")
    ids = head.decode("ascii", "replace").split()
    return (
        make_fact(ids[0], tuple(ids[1:]), message.decode("utf-8", "surrogateescape"))
        if ids
        else None
    )


def make_fact(commit_id: str, parents: tuple[str, ...], message: str) -> CommitFact:
    """Creates the fact of a commit from its id, parents and message."""
    paragraph = message.lstrip("\n").split("\n\n", 1)[0]
    subject = (
        " ".join(line.strip() for line in paragraph.strip().split("\n"))
        if "\n" in paragraph.strip()
        else paragraph.strip()
    )
    return CommitFact(commit_id, parents, subject, read_marks(message))


def _few(
    repository: Repository, tips: Sequence[str], known: Callable[[str], bool]
) -> list[CommitFact] | None:
    """The new facts when there are few; None when there are many.

    A commit a shallow or partial clone lacks is left out.
    """
    facts: dict[str, CommitFact] = {}
    order: list[str] = []
    stack = [(tip, False) for tip in reversed(tips)]
    boundary = _shallow(repository)
    while stack:
        commit_id, done = stack.pop()
        if done:
            order.append(commit_id)
            continue
        if commit_id in facts or known(commit_id):
            continue
        if len(facts) >= _FEW:
            return None
        raw = repository.objects.get(commit_id)
        if not raw or raw[1] != "commit":
            continue
        commit = parse_commit(commit_id, raw[2])
        parents = () if commit_id in boundary else commit.parents
        facts[commit_id] = make_fact(commit_id, parents, commit.message)
        stack.append((commit_id, True))
        stack += [(parent, False) for parent in reversed(parents)]
    return [facts[commit_id] for commit_id in order]


def _shallow(repository: Repository) -> frozenset[str]:
    try:
        return frozenset((repository.common_dir / "shallow").read_text().split())
    except OSError:
        return frozenset()
