# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions about MAINTAINERS itself: which sections name somebody, and whether the file is valid."""  # noqa: E501

from dataclasses import dataclass
from pathlib import Path

from patchpilot.commits.tree_readers import CommitTree
from patchpilot.maintainers import load
from patchpilot.maintainers.load import (
    conf_words,
    maintainers_files,
    where_maintainers_are,
)
from patchpilot.maintainers.selftest import SelfTestProblem, naming
from patchpilot.maintainers.selftest import self_test as problems_of
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, silent
from patchpilot.topic.topic_recipients import repository_for, source_tree


@json_form()
@dataclass(frozen=True, slots=True)
class NamedContact:
    """A section that names somebody: its name, status, heading line, and the lines that do."""

    name: str
    status: str | None
    line: int
    lines: tuple[str, ...]


@json_form()
@dataclass(frozen=True, slots=True)
class WhoResult:
    """The sections that name `word`."""

    word: str
    sections: tuple[NamedContact, ...]


@json_form("files", "sections", "problems")
@dataclass(frozen=True, slots=True)
class SelfTestResult:
    """The problems of a tree's MAINTAINERS, and how many files and sections were looked at."""

    problems: tuple[SelfTestProblem, ...]
    files: int
    sections: int


def who(word: str, *, tree: Path | None = None, repo: Path | None = None) -> WhoResult:
    """The sections of MAINTAINERS that name a contact, address or list."""
    with repository_for((word,), tree, repo) as repository:
        file = load(source_tree(tree, repository))
    contacts = (
        NamedContact(section.name, section.status, section.line, lines)
        for section, lines in naming(file, word)
    )
    return WhoResult(word, tuple(contacts))


def self_test(
    *, tree: Path | None = None, repo: Path | None = None, progress: Progress = silent
) -> SelfTestResult:
    """Check a tree's MAINTAINERS.

    In a repository the files are those of HEAD, so that what is built does not count.
    """
    with repository_for(("",), tree, repo) as repository:
        source = source_tree(tree, repository)
        progress("reading MAINTAINERS")
        file = load(source)
        contents = maintainers_files(source, *where_maintainers_are(conf_words(source)))
        listed = (
            CommitTree(repository, repository.resolve("HEAD")) if repository else source
        )
        progress("listing files")
        paths = listed.files()
    progress("checking")
    return SelfTestResult(
        problems_of(contents, paths, file.words), len(contents), len(file)
    )
