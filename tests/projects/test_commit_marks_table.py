# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every format in which projects and vendors name the mainline commit is read.

The table is made from the rows of the project files, and from the variants in which people write
them.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.errors import PackError
from patchpilot.projects import loading
from patchpilot.projects.commit_marks import (
    find_upstream_commits,
    list_upstream_marks,
    read_commit_marks,
    strip_vendor_prefixes,
)
from patchpilot.projects.project import UpstreamMark

A = "0123456789abcdef0123456789abcdef01234567"
B = "89abcdef0123456789abcdef0123456789abcdef"
SUBJECT = "net: frob: stop the ring"

FORMS = [
    "commit {id} upstream.",
    "commit {id} upstream",
    "commit {id} upstream, with a change",
    "This is commit {id} upstream.",
    "[ Upstream commit {id} ]",
    "[ upstream commit {id} ]",
    "[Upstream commit {id}]",
    "Upstream commit {id}.",
    "[ Upstream commit {id}\n]",
    "Upstream-commit: {id}",
    "upstream commit: {id}",
    "Mainline: {id}",
    "Mainline commit: {id}",
    "[ mainline commit {id} ]",
    "[upstream: {id}]",
    "(cherry picked from commit {id})",
    "(cherry-picked from commit {id})",
    "(cherry picked from {id})",
    "(cherry picked from upstream commit {id})",
    "(cherry picked from stable commit {id})",
    "(cherry picked from linux-next commit {id})",
    "(cherry picked from commit {id} linux-next)",
    "(cherry picked from commit {id} net-next)",
    "(backported from commit {id} linux-next)",
    "(cherry picked from commit {id} drm-misc/drm-misc-next)",
    "(cherry picked from commit {id}\n https://git.example.org/pub/linux.git master)",
    "(cherry picked from commit {id}\nhttps://git.example.org/pub/linux.git for-next)",
    "(cherry picked from commit {id} https://git.example.org/linux.git master)",
    "(cherry picked from commit {id} of git://git.example.org/linux.git)",
    "(backported from commit {id})",
    "(backported from upstream commit {id})",
    "(back-ported from commit {id})",
    "[ada@example.org: backported from {id}]",
    "(based on commit {id})",
    "(cherry picked from commit r14-1234-g{id})",
    "Backported-from: {id}",
    "Backport-of: {id}",
    "Cherry-picked-from: {id}",
    "Cherry-picked: {id}",
    "This is a backport of {id}",
    "This is a backport of upstream commit {id}.",
    "Backport of commit {id}.",
    "[ backported from upstream commit {id} ]",
    "commit {id}\nAuthor: Ada Author <ada@example.org>\nDate:   Mon Jan 1 2024\n\n    {subject}",
    "commit {id}\nAuthor: Ada Author <ada@example.org>\n\n{subject}",
    "JIRA: https://jira.example.org/X-1\nUpstream Status: linux.git\n\ncommit {id}\n"
    "Author: Ada Author <ada@example.org>\nDate:   Mon Jan 1 2024\n\n    {subject}\n\n    Text.",
    "Upstream Status: commit {id}",
    "commit-author Ada Author <ada@example.org>\ncommit {id}",
    "jira X-1907\ncve CVE-2024-1\ncommit-author Ada <a@x.org>\ncommit {id}\nupstream-diff x",
    "mainline inclusion\nfrom mainline-v5.12\ncommit {id}\ncategory: bugfix\nbugzilla: 12345",
    "mainline inclusion\nfrom mainline-5.12-rc1\ncommit: {id}\ncategory: bugfix",
    "stable inclusion\nfrom stable-v5.10.50\ncommit {id}\nbugzilla: 1",
    "upstream inclusion\nfrom upstream-v6.1\ncategory: bugfix\nissue: 1\ncommit {id}",
    "net-next inclusion\nfrom net-next-v6.1\ncommit {id}",
    "Git-commit: {id}",
    "Git-commit: {id} (partial)",
    "Alt-commit: {id}",
    "Patch-mainline: v6.1-rc1\nGit-commit: {id}\nReferences: bsc#1",
    "Origin: upstream, https://git.example.org/linus/{id}",
    "Origin: backport, https://git.example.org/linux.git/commit/?id={id}",
    "Origin: upstream, commit:{id}",
    "Applied-Upstream: 6.2, https://git.example.org/c/{id}",
    "Upstream-Status: Backport [https://git.example.org/commit/{id}]",
    "Upstream-Status: Backport\n[https://git.example.org/commit/{id}]",
    "Upstream: https://git.example.org/commit/{id}",
    "master commit: {id}\nmaster date: 2024-01-01 00:00:00 +0000",
    "commit: {id}",
]
"""Formats of stable trees, distributions, vendors and other projects."""

NO_MARKS = [
    "see commit {id}",
    "commit {id} upstreamed it",
    "This fixes commit {id}.",
    "Since commit {id} the ring is stopped.",
    "{id} is the first bad commit\ncommit {id}\nAuthor: Bob <b@example.org>\n\n    another subject",
    "Fixes: {id}",
    "Link: https://git.example.org/commit/{id}",
    "Upstream-Status: Pending [see {id}]",
    "Origin: https://bugs.example.org/1234567",
    "    commit {id} upstream.",
    "> commit {id} upstream.",
    "[ Upstream commit {id} does not\n  apply here. ]",
    "This reverts commit {id}.",
    "(cherry picked from commit {id} did not work here, so do it in another way)",
    "new inclusion from the list of {id}",
    "base-commit: {id}",
]


def format_form(form: str, id_: str = A, subject: str = SUBJECT) -> str:
    return form.replace("{id}", id_).replace("{subject}", subject)


def vary(form: str, seed: int) -> Iterator[str]:
    """Yield messages with the form: alone, and among other paragraphs and trailers."""
    rng = random.Random(f"{form} {seed}")
    mark = format_form(form)
    before = "".join(f"Paragraph {number} of text.\n\n" for number in range(rng.randrange(3)))
    after = rng.choice(["\n", "\n\nMore text.\n", "\nSigned-off-by: A <a@example.org>\n"])
    yield f"{SUBJECT}\n\n{mark}\n"
    yield f"{SUBJECT}\n\n{before}{mark}\n{after}"
    yield f"UPSTREAM: {SUBJECT}\n\n{before}{mark}{after}"


def test_the_table_has_many_forms() -> None:
    assert len(FORMS) >= 60
    assert len(set(FORMS)) == len(FORMS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(1, 20))]
)
def test_form_names_the_commit(form: str, seed: int) -> None:
    for message in vary(form, seed):
        assert read_commit_marks(message).upstream == (A,), message
        assert {commit.id for commit in find_upstream_commits(message)} == {A}, message


@pytest.mark.parametrize("form", NO_MARKS)
def test_other_mention_is_no_mark(form: str) -> None:
    assert read_commit_marks(f"{SUBJECT}\n\n{format_form(form)}\n\nText.\n").upstream == ()


@pytest.mark.parametrize("mark", list_upstream_marks(), ids=lambda mark: mark.vendor)
def test_example_of_a_row_is_read(mark: UpstreamMark) -> None:
    example = format_form(mark.example)
    words = example.lower()
    assert any(word in words for word in mark.words)
    assert read_commit_marks(f"{SUBJECT}\n\n{example}\n").upstream == (A,)


@pytest.mark.parametrize(
    "subject",
    [
        "UPSTREAM: {}",
        "BACKPORT: {}",
        "FROMGIT: {}",
        "FROMLIST: {}",
        "FROMLIST(v2): {}",
        "BACKPORT: FROMGIT: {}",
        "ANDROID: {}",
        "UBUNTU: SAUCE: {}",
        "[Backport] {}",
        "{}",
    ],
)
def test_prefixes_of_vendors_are_ignored(subject: str) -> None:
    assert strip_vendor_prefixes(subject.format(SUBJECT)) == SUBJECT


@pytest.fixture
def user_projects(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Yield the folder of the user's project files, which is empty."""
    folder = Path(loading.user_folder()) / "projects"
    folder.mkdir(parents=True)
    yield folder
    loading.forget()


OWN = """
[[marks.upstream]]
vendor = "Acme"
words = ["acme-id"]
pattern = '^Acme-Id: {id40}$'
example = "Acme-Id: {id}"
"""


def test_own_profile_extends_the_marks(user_projects: Path) -> None:
    message = f"{SUBJECT}\n\nAcme-Id: {A}\n"
    assert read_commit_marks(message).upstream == ()
    (user_projects / "linux.toml").write_text(OWN)
    loading.forget()
    assert read_commit_marks(message).upstream == (A,)
    assert read_commit_marks(f"{SUBJECT}\n\ncommit {B} upstream.\n").upstream == (B,)


def test_own_mark_needs_an_id(user_projects: Path) -> None:
    (user_projects / "linux.toml").write_text(OWN.replace("{id40}", "x"))
    loading.forget()
    with pytest.raises(PackError, match="needs a placeholder"):
        loading.projects()
