# SPDX-License-Identifier: GPL-2.0-or-later
"""Test very long numbers in patches and commits.

Python raises an error for a number of more than 4,300 digits.
"""

from pathlib import Path

import pytest

from patchpilot.errors import ExitCode
from patchpilot.model.patch import parse_diff
from patchpilot.tags.commit_change import parse_change
from tests.kit import mails
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.snippets import PROSE, SIGN_OFF, mail
from tests.kit.topics import topic

LONG = "9" * 5000
_DIFF = "diff --git a/frob.c b/frob.c\n--- a/frob.c\n+++ b/frob.c\n{}"
_CASES = {
    "hunk header": (
        PROSE,
        f"@@ -{LONG},{LONG} +{LONG},{LONG} @@\n int a;\n+int b;   \n",
    ),
    "second hunk header": (
        PROSE,
        f"@@ -1 +1,2 @@\n int a;\n+int b;   \n@@ -{LONG} +{LONG} @@\n+int c;\n",
    ),
    "hunk header in the message": (
        f"{PROSE}\n\n@@ -{LONG},{LONG} +{LONG},{LONG} @@",
        "@@ -1 +1,2 @@\n int a;\n+int b;   \n",
    ),
    "code": (
        PROSE,
        (
            "@@ -1 +1,4 @@\n int"
            f" a;\n+\tudelay({LONG});\n+\tmsleep({LONG});\n+\tusleep_range({LONG}, ²);\n"
        ),
    ),
    "version told": (
        f"{PROSE} It broke in v6.{LONG} and since {LONG}.{LONG}.",
        "@@ -1 +1,2 @@\n int a;\n+int b;\n",
    ),
}


@pytest.mark.parametrize("case", _CASES)
@pytest.mark.parametrize(
    "argv",
    [
        ("check", "--strict"),
        ("check", "--fix"),
        ("maintainers", "--format", "get_maintainer"),
    ],
    ids=" ".join,
)
def test_long_number_in_a_patch_is_accepted(
    widget_tree_folder: Path, tmp_path: Path, case: str, argv: tuple[str, ...]
) -> None:
    prose, hunks = _CASES[case]
    file = tmp_path / "one.patch"
    file.write_text(
        mail(
            "frob: wait for the link before it is used",
            f"{prose}\n\n{SIGN_OFF}",
            _DIFF.format(hunks),
        )
    )
    where = ("--tree", widget_tree_folder) if argv[0] == "maintainers" else ()
    outcome = call(*argv, *where, file)
    assert outcome.code in (ExitCode.OK, ExitCode.FINDINGS), outcome.err


def test_long_numbers_in_messages_are_accepted(tmp_path: Path) -> None:
    patch_text = mail(
        "frob: wait for the link",
        f"{PROSE}\n\n{SIGN_OFF}\n---\nv{LONG} -> v{LONG}: more\nv{LONG}: most\nChanges in"
        f" v{LONG}\n",
        "",
    )
    file = tmp_path / "one.patch"
    for marks in (f"[PATCH {LONG}/{LONG}]", f"[PATCH v2 1/{LONG}]", f"[PATCH v{LONG}]"):
        file.write_text(patch_text.replace("[PATCH]", marks, 1))
        outcome = call("check", file)
        assert outcome.code in (ExitCode.OK, ExitCode.FINDINGS), outcome.err


def test_long_numbers_are_not_a_release(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(
        "frob: begin",
        {"frob.c": "int a;\n", "Makefile": f"VERSION = {LONG}\nPATCHLEVEL = {LONG}\n"},
    )
    first_commit = repo.git("rev-parse HEAD")
    repo.tag("v6.1")
    repo.git("update-ref refs/remotes/stable/linux-6.1.y", first_commit)
    (repo.path / ".git" / "packed-refs").write_text(
        f"{first_commit} refs/tags/v6.{LONG}\n{first_commit} refs/tags/v6.1-rc{LONG}\n"
    )
    repo.commit(
        f'frob: fix it\n\nIt crashes since v6.{LONG}.\n\nFixes: {first_commit[:12]} ("frob:'
        f' begin")\n{SIGN_OFF}',
        {"frob.c": "int b;\n"},
    )
    for command in ("check", "fixes", "stable", "backport"):
        outcome = call(command, "-C", repo.path, "HEAD")
        assert outcome.code in (ExitCode.OK, ExitCode.FINDINGS), outcome.err


@pytest.mark.parametrize(
    "line", [f"> @@ -1,1 +{LONG},3 @@ x\n>  int a;\n\nWhy?", f"drivers/demo/pump.c:{LONG}:1: warning: unused 'rc'", f"Patches 1-{LONG} applied, thanks!",  # noqa: E501
             f"Queued for 6.{LONG}-stable, thanks!"]
)  # fmt: skip
def test_long_number_in_a_reply_is_accepted(workdir: Path, line: str) -> None:
    title = "demo: pump: check the pointer"
    answer = mails.build_reply(f"[PATCH] {title}", line, id="r", reply_to="v1")
    (workdir / "m").write_bytes(
        mails.build_mbox(mails.build_patch_mail(f"[PATCH] {title}", id="v1"), answer)
    )
    for arguments in (
        ("add", "--mbox", "m"),
        ("show", 1),
        ("show", 1, "--ledger"),
    ):
        outcome = call("track", *arguments)
        assert outcome.code == ExitCode.OK, outcome.err


def test_setting_with_a_long_number_is_an_error(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(
        "frob: begin",
        {"frob.c": "int a;\n", ".patchpilot.toml": f"max-line-length = {LONG}\n"},
    )
    outcome = repo.patchpilot("check HEAD")
    assert outcome.code == ExitCode.USAGE
    assert "not valid TOML" in outcome.err


def test_long_number_is_not_a_changelog(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r")
    file = tmp_path / "draft.txt"
    assert repo.patchpilot("draft --export", file).code == ExitCode.OK
    file.write_text(file.read_text() + f"\n==== changelog v{LONG} ====\nx\n")
    assert repo.patchpilot("draft --import", file).code in (
        ExitCode.OK,
        ExitCode.USAGE,
    )
    assert repo.patchpilot("draft").code == ExitCode.OK


def test_hunk_with_a_long_range_is_ignored() -> None:
    text = _DIFF.format(_CASES["hunk header"][1])
    assert not any(
        hunk for file in parse_diff(tuple(text.split("\n")), 1).files for hunk in file.hunks
    )
    assert not any(file.runs for file in parse_change(text))


@pytest.mark.parametrize("date", [LONG, "253402300799"], ids=["5000 digits", "the year 9999"])
def test_damaged_commit_date_is_accepted(tmp_path: Path, date: str) -> None:
    repo = Repo(tmp_path / "r")
    first_commit = repo.commit("frob: begin", {"frob.c": "int a;\nint b;\n"})
    raw = (
        repo.git(
            "cat-file commit", repo.commit("frob: break it", {"frob.c": "int a;\nint b;\nint c;\n"})
        )
        + "\n"
    )
    clock = raw.split(" +0000")[0].rpartition(" ")[2]
    broken = repo.git(
        "hash-object -t commit -w --literally --stdin",
        stdin=raw.replace(f"> {clock} ", f"> {date} "),
    )
    repo.git("reset -q --hard", broken)
    repo.git("update-ref refs/remotes/origin/master", broken)
    repo.git("update-ref refs/remotes/stable/linux-6.1.y", first_commit)
    repo.commit(
        f"frob: fix it\n\nIt crashes.\n\n{SIGN_OFF}",
        {"frob.c": "int a;\nint b;\nlong c;\n"},
    )
    for command in ("check", "fixes", "stable", "backport", "draft"):
        outcome = call(command, "-C", repo.path, "HEAD")
        assert outcome.code in (ExitCode.OK, ExitCode.FINDINGS), outcome.err
