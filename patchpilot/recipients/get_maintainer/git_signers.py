# SPDX-License-Identifier: GPL-2.0-or-later
"""Find signers in git history.

They are the signers and authors of a file's recent commits and of the commit being fixed. They are
counted like in get_maintainer.pl. Time is limited for each run of git and for all of them.
"""

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.git_command import git
from patchpilot.errors import GitError
from patchpilot.maintainers.load import read_script_file
from patchpilot.model.source_tree import Tree
from patchpilot.recipients.get_maintainer.address_format import read_ignored
from patchpilot.recipients.get_maintainer.collected_roles import (
    CollectedRoles,
    GetMaintainerRequest,
)

BUDGET = 30.0
"""Time limit in seconds for all git calls of a run."""

_FORMAT = "--format=GitCommit: %H%nGitAuthor: %an <%ae>%nGitSubject: %s%n%b%n"
_COMMIT = lazy_pattern(r"^GitCommit: ([0-9a-f]{40})")
_AUTHOR = lazy_pattern(r"^GitAuthor: (.*)")
_STAT = lazy_pattern(r"^(\d+)\t(\d+)\t(.*)$")
_BLAMED = lazy_pattern(r"(?m)^([0-9a-f]+) ")
_VALUE = lazy_pattern(r"\s*.*:\s*(.+)\s*")


class SignedLog(NamedTuple):
    """The parsed output of `git log`.

    It has the number of commits, the signatures and authors as written, and the numbers of lines
    added to and deleted from the file, by commit.
    """

    commits: int
    signers: tuple[str, ...]
    authors: tuple[str, ...]
    stats: tuple[tuple[int, int], ...]


class GitHistory:
    """The signers found in the git repository with the working tree `top`.

    Addresses in the .get_maintainer.ignore of `tree` are skipped.
    """

    def __init__(self, top: Path, tree: Tree | None = None, budget: float = BUDGET) -> None:
        self.top, self.budget = top, budget
        text = read_script_file(tree, ".get_maintainer.ignore") if tree else ""
        self.ignored = read_ignored(text)
        self.remarks: list[str] = []
        self._end = 0.0

    def add_file_contacts(self, collected: CollectedRoles, request: GetMaintainerRequest) -> None:
        """Add signers and authors for files that no maintained section matches exactly.

        With --git, add them for all files, and with --git-blame, the signers of the changed lines.
        """
        switches = collected.switches
        for path in request.files:
            fallback = (
                switches.git_fallback
                and not path.endswith("MAINTAINERS")
                and path not in request.exact
            )
            if switches.git or fallback:
                self._add_signers(collected, path)
            if switches.git_blame and (self.top / path).is_file():
                self._add_blamed(collected, request, path)

    def add_culprit_contacts(
        self, collected: CollectedRoles, request: GetMaintainerRequest
    ) -> None:
        """Add the signers of every commit in a Fixes: line."""
        for commit in request.fixes:
            log = self._log(collected, "-1", commit, path="")
            if log:
                _, signers = _merge_contacts(collected, log)
                self._assign(collected, "blamed_fixes", 1, Counter(signers))

    def _add_blamed(
        self, collected: CollectedRoles, request: GetMaintainerRequest, path: str
    ) -> None:
        """Add the contacts of the commits that wrote a file, or the lines that a patch changes."""
        ranges = [f"-L{one.first},+{one.size}" for one in request.ranges if one.path == path]
        runs = [[line_range] for line_range in ranges] if request.ranges else [[]]
        output = "".join(self._git("blame", "-l", *args, "--", path) or "" for args in runs)
        lines = Counter(_BLAMED.findall(output))
        if not lines:
            return
        log = self._log(collected, "--no-walk=unsorted", *lines, path="")
        switches = collected.switches
        if log is None:
            return
        merge = collected.merger.apply
        if switches.file and switches.rolestats:
            authors: Counter[str] = Counter()
            for author, count in zip(log.authors, lines.values(), strict=False):
                if not _is_chief(collected, author):
                    authors[merge(author)] += count
            self._assign(collected, "authored lines", lines.total(), authors)
        if switches.git_blame_signatures:
            signers = Counter(collected.merger.all(log.signers))
            role = "commits" if switches.file else "modified commits"
            self._assign(collected, role, len(lines), signers)

    def _git(self, *args: str) -> str | None:
        now = time.monotonic()
        self._end = self._end or now + self.budget
        if now >= self._end:
            self._report(
                "git timed out; recipients from history may be incomplete (--no-git-fallback skips"
                " history)"
            )
            return None
        try:
            completed = git(self.top, *args, ok=(), timeout=max(0.1, self._end - now))
        except GitError:
            self._report(
                "git timed out; recipients from history may be incomplete (--no-git-fallback skips"
                " history)"
            )
            return None
        if completed.code and completed.text:
            self._report("git failed; recipients from history may be incomplete")
        return completed.text

    def _report(self, remark: str) -> None:
        if remark not in self.remarks:
            self.remarks.append(remark)

    def _log(self, collected: CollectedRoles, *args: str, path: str) -> SignedLog | None:
        signature = "|".join(map(re.escape, collected.words.signatures))
        if collected.switches.git_all_signature_types:
            signature = ".+?[Bb][Yy]:"
        pattern = re.compile(rf"^[ \t]*({signature}).*@.*$")
        path_arguments = ["--", path] if path else []
        output = self._git("log", "--no-color", "--numstat", _FORMAT, *args, *path_arguments)
        if output is None:
            return None
        lines = [line.lstrip(" \t") for line in output.split("\n")]
        commits = sum(1 for line in lines if _COMMIT.match(line))
        authors = tuple(match[1] for line in lines if (match := _AUTHOR.match(line)))
        signers = [line for line in lines if pattern.match(line)]
        signers = [line for line in signers if not _is_chief(collected, line)]
        stats = tuple(
            (int(match[1]), int(match[2]))
            for line in lines
            if (match := _STAT.match(line)) and match[3] == path
        )
        return SignedLog(
            commits,
            tuple(match[1] for line in signers if (match := _VALUE.match(line))),
            authors,
            stats,
        )

    def _add_signers(self, collected: CollectedRoles, path: str) -> None:
        log = self._log(
            collected,
            "--follow",
            f"--since={collected.switches.git_since}",
            "--no-merges",
            path=path,
        )
        if not log or not log.commits:
            return
        apply = collected.merger.apply
        authors, signers = _merge_contacts(collected, log)
        self._assign(collected, "commit_signer", log.commits, Counter(signers))
        if not collected.words.counts_authors:
            return
        self._assign(collected, "authored", log.commits, Counter(authors))
        if len(authors) != len(log.stats):
            return
        added: Counter[str] = Counter()
        removed: Counter[str] = Counter()
        for author, (added_lines, removed_lines) in zip(authors, log.stats, strict=True):
            added[apply(author)] += added_lines
            removed[apply(author)] += removed_lines
        self._assign(
            collected,
            "added_lines",
            sum(added_lines for added_lines, _ in log.stats),
            added,
        )
        self._assign(
            collected,
            "removed_lines",
            sum(removed_lines for _, removed_lines in log.stats),
            removed,
        )

    def _assign(
        self,
        collected: CollectedRoles,
        role: str,
        total: int,
        counts: Mapping[str, int],
    ) -> None:
        """Assign a role to the most frequent contacts, up to the limit in the options."""
        switches = collected.switches
        mapped: Counter[str] = Counter()
        for contact, count in counts.items():
            mapped[collected.merger.mailmap.apply(contact)] += count
        assigned = 0
        for contact, count in _sort_by_count(mapped):
            percent = min(100.0, count * 100 / max(1, total))
            if not count or contact in self.ignored:
                continue
            assigned += 1
            if (
                assigned > switches.git_max_maintainers
                or count < switches.git_min_signatures
                or percent < switches.git_min_percent
            ):
                break
            collected.add(contact, "")
            collected.add_role(
                contact,
                f"{role}:{count}/{total}={percent:.0f}%" if switches.rolestats else role,
            )


def _merge_contacts(collected: CollectedRoles, log: SignedLog) -> tuple[list[str], list[str]]:
    """Merge contacts, and return (authors, signers).

    Authors are merged first, because the first mention determines the spelling.
    """
    authors = collected.merger.all(log.authors)
    return authors, collected.merger.all(log.signers)


def _is_chief(collected: CollectedRoles, line: str) -> bool:
    """Return whether a line contains a contact that should not receive every patch."""
    return not collected.switches.git_chief_penguins and any(
        name.lower() in line.lower() for name, _ in collected.words.chiefs
    )


def _sort_by_count(counts: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    rows: Iterable[tuple[str, int]] = counts.items()
    return sorted(rows, key=lambda row: (-row[1], row[0]))
