# SPDX-License-Identifier: GPL-2.0-or-later
"""Queries the MAINTAINERS file.

Finds the sections that list a contact, and checks whether the file is valid.
"""

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
    """A MAINTAINERS section that lists a contact.

    Contains its name, its status, the number of its heading line, and the matching lines.
    """

    name: str
    status: str | None
    line: int
    lines: tuple[str, ...]


@json_form()
@dataclass(frozen=True, slots=True)
class WhoResult:
    """The MAINTAINERS sections that match `word`."""

    word: str
    sections: tuple[NamedContact, ...]


@json_form("files", "sections", "problems")
@dataclass(frozen=True, slots=True)
class SelfTestResult:
    """The problems in a tree's MAINTAINERS, and the number of files and sections checked."""

    problems: tuple[SelfTestProblem, ...]
    files: int
    sections: int


def who(word: str, *, tree: Path | None = None, repo: Path | None = None) -> WhoResult:
    """Returns the MAINTAINERS sections that list a contact, an address or a mailing list."""
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
    """Checks a tree's MAINTAINERS file.

    In a repository, the file patterns are matched against the files in HEAD, so that build
    output is ignored.
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
