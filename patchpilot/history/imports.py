# SPDX-License-Identifier: GPL-2.0-or-later
"""Commits that bring in code whose history is elsewhere: the first commit of a repository, and imports squashed into one commit."""

import re

from patchpilot.commits.repository import Repository
from patchpilot.history.shallow_clones import ends_at
from patchpilot.model.commit import Commit
from patchpilot.projects.loading import projects

MANY_FILES = 1000
"""A commit that adds this many files imports code written elsewhere."""
SOME_FILES = 200
"""A commit that adds this many files is an import where the subject says so."""
MOSTLY = 0.8
_RELEASE = r"^(?:(?:{names}|kernel|release|version)[ -]*)?:?\s*v?\d+(?:\.\d+)+(?:[-.]?rc\d+)?$"
_VENDORED = re.compile(r"^Squashed '[^']+' (?:content|changes) from ")
_IMPORT = re.compile(r"^(?:initial|first)\b|\bimport(?:s|ed|ing)?\b|\bsquash(?:ed)?\b", re.IGNORECASE)
_IMPORTED_RELEASE = re.compile(r"^import(?:s|ed|ing)?\b.*\bv?\d+\.\d+", re.IGNORECASE)


def import_reason(repository: Repository, commit: Commit) -> str:
    """Why a commit only brings in code whose history is not here; empty for ordinary changes, and for first commits that tags name by convention."""
    if any(commit.id in project.tags.first_commits for project in projects().values()):
        return ""
    if ends_at(repository, commit.id):
        return "the lines are older than the history of this shallow clone"
    if not commit.parents:
        return f"{commit.reference} is the first commit of this history; the lines are older"
    if _is_release(commit.subject):
        return f"{commit.reference} is a release, not a change"
    if _VENDORED.match(commit.subject) or _IMPORTED_RELEASE.match(commit.subject):
        return f"{commit.reference} imports code without its history"
    added, touched = _files(repository, commit)
    if added >= (SOME_FILES if _IMPORT.search(commit.subject) else MANY_FILES) and added >= MOSTLY * touched:
        return f"{commit.reference} adds {added} files at once, so their history is not in this repository"
    return ""


def _is_release(subject: str) -> bool:
    """Whether a subject is that of a release's commit ("Linux 6.1.150")."""
    names = "|".join(re.escape(name) for project in projects().values() for name in project.release_names)
    return re.match(_RELEASE.replace("{names}", names), subject, re.IGNORECASE) is not None


def _files(repository: Repository, commit: Commit) -> tuple[int, int]:
    """How many files a commit adds, and how many it touches."""
    done = repository.git("diff-tree", "-r", "-m", "--first-parent", "--no-commit-id", "--no-renames", "--name-status", "-z", commit.id)
    states = done.text.split("\0")[:-1:2]
    return states.count("A"), len(states)
