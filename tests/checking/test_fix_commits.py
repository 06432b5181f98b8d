# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `check --fix` on commits.

It changes messages and trees, and updates later commits and the working tree. Undo restores them.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchpilot.checking.apply_fixes import FixResult, fix_findings
from patchpilot.checking.driver import Driver, PatchSource
from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite import RewriteResult, describe_rewrite_costs
from patchpilot.errors import RefusedError, UsageError
from patchpilot.lint.lint_context import Options
from patchpilot.model import patch as shorten
from patchpilot.tags.undo_rewrite import undo_branch_rewrite
from tests.kit.mails import ADA
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED_LINE

FILE = "drivers/frob/frob.c"
BASE = "int frob_one(int a)\n{\n\treturn a;\n}\n\nint frob_two(int a)\n{\n\treturn a;\n}\n"
TEXT = (
    "Old boards need a moment until the link is up, so that the first\n"
    "transfer does not fail. Give it to them.\n"
    "\n"
)


def create_topic(path: Path) -> Repo:
    """Create two commits.

    The first one has findings in its message and code, and the second one changes adjacent lines.
    """
    repo = Repo(path)
    repo.git("config user.name 'Ada Fixer'")
    repo.git("config user.email ada@example.org")
    repo.commit("frob: begin\n", {FILE: BASE, "other": "1\n"}, author=ADA)
    repo.branch("topic")
    untidy_code = BASE.replace("\treturn a;", "\tif(a)\n\t\treturn frob(a,1 );\n\n\n\treturn a;", 1)
    repo.commit(
        f"frob: wait.\n\n{TEXT}Reviewed-By: Ben Reader <ben@example.org>\n{SIGNED_LINE}",
        {FILE: untidy_code},
        author=ADA,
    )
    changed_code = untidy_code.replace(
        "\treturn a;\n}\n\nint", "\treturn a + 1;\n}\n\nint", 1
    ).replace("two(int a)\n{", "two(int a)\n{\n\tfrob( a);", 1)
    repo.commit(f"frob: count from one\n\n{TEXT}{SIGNED_LINE}", {FILE: changed_code}, author=ADA)
    return repo


def fix_commits(
    repo: Repo,
    *targets: str,
    should_write: bool = True,
    strict: bool = True,
    **flags: Any,
) -> FixResult:
    with Repository.open(repo.path) as repository:
        return fix_findings(
            Driver(Options(strict=strict), repository=repository),
            PatchSource(targets, "master"),
            write=should_write,
            **flags,
        )


def read_file_at(repo: Repo, revision: str) -> str:
    return repo.git("show", f"{revision}:{FILE}") + "\n"


def test_fix_rebases_the_other_commits(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")
    people = repo.git("log '--format=%an %ae %ad %cn %ce' topic")
    old = read_file_at(repo, "topic")
    result = fix_commits(repo)
    assert result.written == ("topic",)
    assert repo.git("log -1 --format=%s 'topic~1'") == "frob: wait"
    assert "Reviewed-by: Ben" in repo.git("log -1 --format=%b 'topic~1'")
    corrected = "\tif (a)\n\t\treturn frob(a, 1);\n\n\treturn a;"
    assert read_file_at(repo, "topic~1") == BASE.replace("\treturn a;", corrected, 1)
    expected = (
        old.replace("if(a)", "if (a)")
        .replace("frob(a,1 )", "frob(a, 1)")
        .replace("\n\n\n", "\n\n")
        .replace("frob( a)", "frob(a)")
    )
    assert read_file_at(repo, "topic") == expected == (repo.path / FILE).read_text()
    assert repo.git("status --porcelain") == ""
    assert repo.git("log '--format=%an %ae %ad %cn %ce' topic") == people
    assert repo.git("fsck --strict") == ""
    patch = result.check.patches[0].patch
    assert patch.commit in result.ids.values()
    assert patch.commit.startswith(patch.source)
    assert not {finding.name for finding in result.check.patches[0].findings} & {
        "subject-ends-with-punctuation",
        "malformed-tag",
        "no-space-after-keyword",
    }


def test_second_fix_changes_nothing(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")
    fix_commits(repo)
    head = repo.git("rev-parse topic")
    result = fix_commits(repo)
    assert (repo.git("rev-parse topic"), result.fixed, result.undo) == (
        head,
        0,
        None,
    )


def test_finding_whose_words_another_fix_moves_is_not_fixed(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    culprit = repo.commit("frob: begin\n", {FILE: BASE}, author=ADA)
    repo.branch("topic")
    text = "After updating, the cable fails. I did a git bisect and it showed commit"
    repo.commit(
        f"frob: wait\n\n{text} {culprit[:7]}.\n\n{SIGNED_LINE}", {FILE: f"{BASE}\n"}, author=ADA
    )
    result = fix_commits(repo)
    assert f"{text}\n{culprit[:12]} (" in repo.git("log -1 --format=%B")
    assert "missing-fixes" in {finding.name for finding in result.remaining.all}
    fixed = {finding.name for patch in result.patches for finding in patch.fixed}
    assert "malformed-commit-reference" in fixed
    assert "missing-fixes" not in fixed


def test_undo_restores_message_tree_and_files(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")
    head, text = repo.git("rev-parse topic"), (repo.path / FILE).read_text()
    assert fix_commits(repo).undo
    with Repository.open(repo.path) as repository:
        assert undo_branch_rewrite(repository).state == "restored"
    assert (
        repo.git("rev-parse topic"),
        (repo.path / FILE).read_text(),
        repo.git("status --porcelain"),
    ) == (head, text, "")


def test_undo_keeps_uncommitted_work(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")
    fix_commits(repo)
    repo.put(FILE, "mine\n")
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(RefusedError, match="uncommitted changes"),
    ):
        undo_branch_rewrite(repository)
    assert (repo.path / FILE).read_text() == "mine\n"


def test_diff_option_changes_nothing(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")

    def read_all_files() -> dict[str, bytes]:
        return {
            str(file): file.read_bytes()
            for file in repo.path.rglob("*")
            if file.is_file() and file.name != "index"
        }

    before = read_all_files()
    result = fix_commits(repo, should_write=False)
    assert read_all_files() == before
    assert result.fixed
    assert [text.name for text in result.patches[0].texts][1] == FILE
    assert result.check.patches[0].findings != result.remaining.patches[0].findings


def test_overlong_patch_is_not_fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = create_topic(tmp_path / "r")
    old_commit = repo.git("rev-parse topic")
    whole = fix_commits(repo, should_write=False)
    least = min(len(patch.patch.lines) for patch in whole.patches)
    monkeypatch.setattr(shorten, "MAX_CHECKED_LINES", least - 1)
    for write in (False, True):
        result = fix_commits(repo, should_write=write)
        assert not result.fixed
        assert "too long to fix: only its first lines were checked" in {
            patch.refused for patch in result.patches
        }
    assert repo.git("rev-parse topic") == old_commit


def test_only_changes_to_fixed_files_block(
    tmp_path: Path,
) -> None:
    repo = create_topic(tmp_path / "r")
    head = repo.git("rev-parse topic")
    repo.put(FILE, "mine\n")
    with pytest.raises(RefusedError, match=f"{FILE} has uncommitted changes"):
        fix_commits(repo)
    assert (repo.git("rev-parse topic"), (repo.path / FILE).read_text()) == (
        head,
        "mine\n",
    )
    repo.git("checkout -q", FILE)
    repo.put("other", "mine\n")
    fix_commits(repo)
    assert repo.git("rev-parse topic") != head
    assert (repo.path / "other").read_text() == "mine\n"


def test_branch_is_fixed_without_checkout(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")
    repo.checkout("master")
    fix_commits(repo, "master..topic")
    assert "if (a)" in read_file_at(repo, "topic")
    assert (repo.path / FILE).read_text() == BASE
    assert repo.git("status --porcelain") == ""


def test_branch_of_another_worktree_is_refused(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")
    repo.checkout("master")
    repo.git("worktree add -q", str(tmp_path / "w"), "topic")
    with pytest.raises(RefusedError, match="checked out in"):
        fix_commits(repo, "master..topic")


def test_published_commits_need_an_override(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")
    repo.git("update-ref refs/remotes/origin/topic topic")
    with pytest.raises(RefusedError, match="published"):
        fix_commits(repo)
    assert fix_commits(repo, overrides=("published",)).undo


@pytest.mark.parametrize("why", ["published", "rebase", "merge"])
def test_unfixable_target_is_refused_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    repo = create_topic(tmp_path / "r")
    targets, error = [], RefusedError
    if why == "published":
        repo.git("update-ref refs/remotes/origin/topic topic")
    elif why == "rebase":
        (repo.path / ".git" / "rebase-merge").mkdir()
    else:
        repo.git("checkout -q -b side master")
        repo.commit("side", {"side": "1\n"}, author=ADA)
        repo.checkout("topic")
        repo.git("merge -q --no-ff -m 'Merge side' side")
        targets, error = ["HEAD"], UsageError  # type: ignore[assignment]
    monkeypatch.setattr(
        "patchpilot.checking.driver.Driver.check",
        lambda *_, **__: pytest.fail("it was checked first"),
    )
    with pytest.raises(error, match=why):
        fix_commits(repo, *targets)


@pytest.mark.parametrize(
    ("above", "reported"),
    [
        (0, ()),
        (1, ("1 later commit will be rewritten",)),
        (2, ("2 later commits will be rewritten",)),
    ],
)
def test_consequences_of_the_rewrite_are_described(above: int, reported: tuple[str, ...]) -> None:
    commits = {str(number): f"new{number}" for number in range(above + 1)}
    assert describe_rewrite_costs(RewriteResult(None, "0", "new0", commits, ()), 1) == reported
    (lost,) = describe_rewrite_costs(RewriteResult(None, "0", "new0", {"0": "new0"}, ("0",)), 1)
    assert lost.startswith("1 commit loses its signature; sign it again")


def test_merge_above_changed_files_is_refused(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")
    repo.git("checkout -q -b side 'topic~1'")
    repo.commit("side", {"side": "1\n"}, author=ADA)
    repo.checkout("topic")
    repo.git("merge -q --no-ff -m 'Merge side' side")
    repo.git("branch -q -D side")
    head = repo.git("rev-parse topic")
    with pytest.raises(RefusedError, match="is a merge"):
        fix_commits(repo)
    assert repo.git("rev-parse topic") == head


@pytest.mark.parametrize("should_write", [True, False])
def test_changes_of_a_merge_are_named_and_not_fixed(tmp_path: Path, should_write: bool) -> None:
    repo = create_topic(tmp_path)
    repo.branch("side", "master")
    repo.commit(f"frob: add other\n\n{TEXT}{SIGNED_LINE}", {"side.c": BASE}, author=ADA)
    repo.branch("joined", "master")
    repo.git("merge -q --no-ff --no-commit side")
    repo.put("new.c", "int frob(int a)\n{\n\treturn frob( a );\n}\n")
    repo.git("add -A")
    repo.git("commit -q -m 'Merge side'")
    repo.git("branch -q -D side")
    head = repo.git("rev-parse HEAD")
    for targets in ((), ("master..joined",)):
        result = fix_commits(repo, *targets, should_write=should_write)
        assert result.check.exit_code == 1
        merge = next(patch for patch in result.patches if patch.patch.is_merge)
        assert "merge" in merge.refused
        (checked,) = (patch for patch in result.check.patches if patch.patch.is_merge)
        assert merge.refused in {finding.left for finding in checked.findings}
    assert repo.git("rev-parse HEAD") == head


def test_files_and_commits_are_not_mixed(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")
    repo.git("format-patch -q -o out master")
    with pytest.raises(UsageError, match="in one run"):
        fix_commits(repo, "topic", str(repo.path / "out"))


def test_select_limits_the_fixes(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")
    with Repository.open(repo.path) as repository:
        fix_findings(
            Driver(
                Options(select=["subject-ends-with-punctuation"], strict=True),
                repository=repository,
            ),
            PatchSource(base="master"),
            write=True,
        )
    assert repo.git("log -1 --format=%s 'topic~1'") == "frob: wait"
    assert "if(a)" in read_file_at(repo, "topic~1")


def test_title_on_two_lines_is_not_rewritten(tmp_path: Path) -> None:
    repo = create_topic(tmp_path / "r")
    repo.commit(
        f"frob: a title\nover two lines.\n\n{TEXT}---\n\nReviewed-By: Ben Reader"
        f" <ben@example.org>\n{SIGNED_LINE}",
        {FILE: "int a;\n"},
        author=ADA,
    )
    message = repo.git("log -1 --format=%B")
    fix_commits(repo, "HEAD")
    assert repo.git("log -1 --format=%B") == message


MOVED = "static int frob_wait(int a)\n{\n\tif(a)\n\t\treturn frob(a,1 );\n\n\treturn a;\n}\n"
TIDY = MOVED.replace("if(", "if (").replace("a,1 ", "a, 1")


def create_function_move(path: Path, moved_code: str) -> Repo:
    """Create a commit that adds a function at the top of a file, and a commit that moves the
    function to the end.
    """
    repo = Repo(path)
    repo.git("config user.name 'Ada Fixer'")
    repo.git("config user.email ada@example.org")
    other_lines = "".join(f"int frob_{number}(void);\n" for number in range(30))
    repo.commit("frob: begin\n", {FILE: other_lines}, author=ADA)
    repo.branch("topic")
    repo.commit(
        f"frob: wait for the link\n\n{TEXT}{SIGNED_LINE}",
        {FILE: f"{MOVED}\n{other_lines}"},
        author=ADA,
    )
    repo.commit(
        f"frob: wait at the end\n\n{TEXT}{SIGNED_LINE}",
        {FILE: f"{other_lines}\n{moved_code}"},
        author=ADA,
    )
    return repo


def test_fix_survives_a_later_move(tmp_path: Path) -> None:
    repo = create_function_move(tmp_path / "r", MOVED)
    fix_commits(repo)
    assert read_file_at(repo, "topic~1").startswith(TIDY)
    assert read_file_at(repo, "topic").endswith(f"\n\n{TIDY}")
    assert repo.git("status --porcelain") == ""


@pytest.mark.parametrize(
    "moved",
    [MOVED.replace("\treturn a;", "\treturn 2;"), f"{MOVED}\n{MOVED}"],
    ids=["changes", "doubles"],
)
def test_moved_lines_are_kept(tmp_path: Path, moved: str) -> None:
    repo = create_function_move(tmp_path / "r", moved)
    fix_commits(repo)
    assert read_file_at(repo, "topic~1").startswith(TIDY)
    assert read_file_at(repo, "topic").endswith(f"\n\n{moved}")


def test_merged_lines_are_not_edited(tmp_path: Path) -> None:
    repo = create_function_move(tmp_path / "r", MOVED)
    rest = "".join(f"int frob_{number}(void);\n" for number in range(30))
    lines = rest.splitlines(keepends=True)
    call = "\tfrob(a,1 );\n\tfrob(a,2 );\n"
    repo.commit(
        f"frob: call twice\n\n{TEXT}{SIGNED_LINE}",
        {FILE: "".join([*lines[:9], call, *lines[9:18], call, *lines[18:]])},
        author=ADA,
    )
    repo.commit(f"frob: call once\n\n{TEXT}{SIGNED_LINE}", {FILE: f"{rest}{call}"}, author=ADA)
    fix_commits(repo)
    assert read_file_at(repo, "topic~1").count("\tfrob(a, 1);\n\tfrob(a, 2);\n") == 2
    assert read_file_at(repo, "topic") == f"{rest}{call}"


def test_gerrit_id_stays_in_the_commit(
    tmp_path: Path,
) -> None:
    repo = create_topic(tmp_path / "r")
    gerrit = "Change-Id: I0123456789abcdef0123456789abcdef01234567"
    repo.commit(
        f"frob: wait once more.\n\n{TEXT}{SIGNED_LINE}{gerrit}\n",
        {FILE: BASE},
        author=ADA,
    )
    repo.git("format-patch -q -o out -1")
    result = fix_commits(repo, "HEAD")
    message = repo.git("log -1 --format=%B")
    assert message.startswith("frob: wait once more\n")
    assert gerrit in message
    assert "Gerrit" in result.patches[0].refused
    assert "gerrit-change-id" in {finding.name for finding in result.check.patches[0].findings}
    (mail,) = (repo.path / "out").iterdir()
    fix_commits(repo, str(mail))
    assert gerrit not in mail.read_text()


KILLED = """
import os, signal, sys
from patchpilot.commits import git_command
real, count = git_command.git, [0]
def counted(*args, **kwargs):
    count[0] += 1
    if count[0] == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **kwargs)
from patchpilot.commits import repository
repository.git = counted
from patchpilot.checking.driver import Driver, Options, PatchSource
from patchpilot.checking.apply_fixes import fix_findings
with repository.Repository.open(sys.argv[1]) as opened:
    driver = Driver(Options(strict=True), repository=opened)
    fix_findings(driver, PatchSource(base="master"), write=True)
print(count[0])
"""


@pytest.mark.long
def test_killed_fix_leaves_the_old_or_new_state(tmp_path: Path) -> None:
    whole_repo = create_topic(tmp_path / "whole")
    old_commit = whole_repo.git("rev-parse topic")
    # use a fixed date, so that the id is always the same
    environment = {**os.environ, "GIT_COMMITTER_DATE": "2024-03-04T10:00:00Z"}
    outcome = subprocess.run(
        [sys.executable, "-c", KILLED, str(whole_repo.path), "0"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    new_commit, calls = whole_repo.git("rev-parse topic"), int(outcome.stdout)
    assert new_commit != old_commit
    # only the last few git calls write trees, commits, the undo record and the branch
    for number in range(calls - 4, calls + 1):
        repo = create_topic(tmp_path / f"r{number}")
        outcome = subprocess.run(
            [sys.executable, "-c", KILLED, str(repo.path), str(number)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert outcome.returncode in (-signal.SIGKILL, 0), outcome.stderr
        assert repo.git("rev-parse topic") in (old_commit, new_commit)
        assert repo.git("status --porcelain") == ""
    assert fix_commits(repo).undo or repo.git("rev-parse topic") == new_commit


_NUMBER = st.integers(0, 5)


@given(
    st.lists(
        st.tuples(
            _NUMBER,
            st.sampled_from(["\tfrob(a,{});", "\tfrob(a, {});", "\tfrob( {});  ", ""]),
        ),
        min_size=2,
        max_size=4,
    )
)
@settings(max_examples=6)
def test_rebased_commits_keep_other_lines(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]]
) -> None:
    repo = Repo(tmp_path_factory.mktemp("carry") / "r")
    lines = [f"\tstep({number});" for number in range(6)]
    repo.commit("frob: begin\n", {FILE: "\n".join(lines) + "\n"}, author=ADA)
    repo.branch("topic")
    for count, (at, line) in enumerate(steps):
        if line:
            lines.insert(min(at, len(lines)), line.format(count))
        elif len(lines) > 1:
            del lines[min(at, len(lines) - 1)]
        repo.commit(
            f"frob: step {count}\n\n{TEXT}{SIGNED_LINE}",
            {FILE: "\n".join(lines) + "\n"},
            author=ADA,
        )
    fix_commits(repo)
    tidy = [
        line.replace("(a,", "(a, ").replace("a,  ", "a, ").replace("( ", "(").rstrip()
        for line in lines
    ]
    assert read_file_at(repo, "topic").rstrip("\n").split("\n") == tidy
    assert repo.git("status --porcelain") == ""


def test_following_line_is_realigned(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    before = "int frob_one(int a,\n\t     int b)\n{\n\treturn a + b;\n}\n"
    repo.commit("frob: begin\n", {FILE: before}, author=ADA)
    repo.branch("topic")
    repo.commit(
        f"frob: say what is added\n\n{TEXT}{SIGNED_LINE}",
        {FILE: before.replace("frob_one", "frob_sum")[:-1] + "\n\nint frob;\n"},
        author=ADA,
    )
    longer = before.replace("frob_one", "frob_sum_of_both")
    repo.commit(
        f"frob: say that both are added\n\n{TEXT}{SIGNED_LINE}",
        {FILE: longer},
        author=ADA,
    )
    fix_commits(repo)
    assert (
        read_file_at(repo, "topic")
        == longer.replace("\n\t     int b", "\n\t\t     int b")
        == (repo.path / FILE).read_text()
    )
    assert repo.git("status --porcelain") == ""
