# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a repository's commands run only if docs/explanation/security.md lists them and the
user trusts them.
"""

import contextlib
from pathlib import Path

import pytest

from patchpilot.checking.editor_check import EditorCheck
from patchpilot.commits.repository import Repository
from patchpilot.errors import ExitCode, GitError
from patchpilot.home.branches import switch_branch
from patchpilot.model.progress import ignore_progress
from patchpilot.topic.edit_commits import amend_files, hash_changed_files
from patchpilot.topic.message_changes import reword_commit
from tests.kit.canaries import Canaries, create_conflicting_patches
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import configure_mail_server

_SEND = ("send", "--to", "list@example.org", "--yes", "--force", "canaries")
_CALLS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "check": (("check", "--strict"), set()),
    "check --fix": (
        ("check", "--fix"),
        {"filter.run.clean", "filter.run.smudge", "hook.post-rewrite"},
    ),
    "maintainers": (("maintainers",), set()),
    "maintainers --format get_maintainer": (
        ("maintainers", "--format", "get_maintainer", "-f", "frob.c"),
        set(),
    ),
    "fixes": (("fixes", "HEAD"), set()),
    "stable": (("stable", "HEAD"), set()),
    "backport": (("backport",), set()),
    "backport --write": (("backport", "--write", "{out}"), set()),
    "backport --resolve": (("backport", "HEAD", "--resolve", "linux-6.1.y"), set()),
    "backport --build": (("backport", "HEAD", "--build", "true"), set()),
    "prepare": (
        ("prepare", "--yes", "--trailer", "https://example.org/r/1"),
        {"hook.post-rewrite"},
    ),
    "undo list": (("undo", "list"), set()),
    "draft": (("draft",), set()),
    "draft --cover": (
        ("draft", "--cover", "frob: fix both\n\nWhy both are wrong."),
        set(),
    ),
    "send --dry-run": (
        ("send", "--dry-run", "--to", "list@example.org"),
        {"hook.sendemail-validate"},
    ),
    "send through git send-email": (
        (*_SEND, "--via", "git-send-email"),
        {"hook.sendemail-validate"},
    ),
    "send through b4": ((*_SEND, "--via", "b4"), set()),
    "trailers": (("trailers",), set()),
    "track": (("track",), set()),
    "hooks": (("setup", "hooks", "--remove"), set()),
    "doctor": (("doctor", "--offline"), set()),
    "config": (("config",), set()),
    "rules": (("explain",), set()),
}
"""Call → the commands that it should run."""


@pytest.mark.parametrize("name", _CALLS)
def test_unlisted_configured_commands_do_not_run(tmp_path: Path, name: str) -> None:
    repo, canaries = (
        create_conflicting_patches(tmp_path / "repo", end="" if name.startswith("send") else "   "),
        Canaries(tmp_path / "canaries"),
    )
    if name == "backport --resolve":
        repo.git("update-ref refs/remotes/origin/master HEAD")
    canaries.set_config_canaries(repo, process=name != "check --fix")
    argv, expected = _CALLS[name]
    with FaultySink() as server:
        configure_mail_server(repo, server)
        if name.startswith("send"):
            call(
                "draft",
                "-C",
                repo.path,
                "--cover",
                "frob: fix both\n\nWhy both are wrong.",
            )
            canaries.reset()
        arguments = (
            argv[0],
            "-C",
            repo.path,
            *(word.format(out=tmp_path / "out") for word in argv[1:]),
        )
        # without trust, a commit is rewritten, but the hook does not run
        if expected - {"hook.post-rewrite"} or name.startswith("send"):
            refused_outcome = call(*arguments)
            # `check` exits with 1 if it has findings
            assert refused_outcome.code == (
                ExitCode.USAGE if name.startswith("check") else ExitCode.FINDINGS
            )
            assert "patchpilot trust" in refused_outcome.err
            assert canaries.executed_names == set(), "not trusted yet"
        assert call("trust", repo.path).code == ExitCode.OK
        outcome = call(*arguments)
    assert canaries.executed_names == expected, outcome.err
    assert outcome.code not in (ExitCode.BUG, ExitCode.USAGE)
    if name.startswith("send"):
        assert outcome.code == ExitCode.OK, outcome.err
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "security.md").read_text()
    assert all(setting.partition(".")[2].split(".")[-1] in page for setting in expected)


def _reword_commit(repo: Repo) -> None:
    with Repository.open(repo.path) as repository:
        head = repository.resolve("HEAD")
        assert reword_commit(head, "frob: reword it\n", repository, ignore_progress, ()).written


def _amend_files(repo: Repo) -> None:
    repo.put("frob.c", "int other;\n")
    amend_files(repo.path, tuple(hash_changed_files(repo.path)))


def _remove_amended_file(repo: Repo) -> None:
    (repo.path / "more.c").unlink()
    # git fails here because the commit would be empty
    with pytest.raises(GitError):
        amend_files(repo.path, ("more.c",))


def _list_changed_files(repo: Repo) -> None:
    repo.put("frob.c", "int other;\n")
    with contextlib.closing(EditorCheck(repo.path)) as editor_check:
        assert editor_check.changed() == (repo.path / "frob.c",)


def _switch_branch(repo: Repo) -> None:
    switch_branch(repo.path, "master")


_SENDS = tuple(f"send through {name}" for name in ("git send-email", "b4"))
_IN_WORK_TREE = ("check --fix", "prepare", "doctor", *_SENDS)
_TUI_CALLS = (
    _reword_commit,
    _amend_files,
    _remove_amended_file,
    _list_changed_files,
    _switch_branch,
)


@pytest.mark.parametrize("name", [*_IN_WORK_TREE, *(call_.__name__ for call_ in _TUI_CALLS)])
def test_submodule_commands_do_not_run(tmp_path: Path, name: str) -> None:
    repo, canaries = (
        create_conflicting_patches(tmp_path / "repo", end=""),
        Canaries(tmp_path / "canaries"),
    )
    canaries.add_submodule_canaries(repo)
    repo.git("status")
    assert {"inner.filter.run.clean", "inner.core.fsmonitor"} <= canaries.executed_names
    canaries.reset()
    canaries.touch(repo.path / "sub")
    with FaultySink() as server:
        configure_mail_server(repo, server)
        call("draft", "-C", repo.path, "--cover", "frob: fix both\n\nWhy both are wrong.")
        assert canaries.executed_names == set()
        if name in _CALLS:
            argv = [word.format(out=tmp_path / "out") for word in _CALLS[name][0]]
            outcome = call(argv[0], "-C", repo.path, *argv[1:])
            assert outcome.code not in (ExitCode.BUG, ExitCode.USAGE)
        else:
            next(call_ for call_ in _TUI_CALLS if call_.__name__ == name)(repo)
    assert canaries.executed_names == set()


@pytest.mark.parametrize("via", ["git-send-email", "b4"])
def test_commit_signatures_are_not_verified(tmp_path: Path, via: str) -> None:
    repo, canaries = (
        create_conflicting_patches(tmp_path / "repo", end=""),
        Canaries(tmp_path / "canaries"),
    )
    head, _, body = repo.git("cat-file commit HEAD").partition("\n\n")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----"
    text = f"{head}\n{signature}\n\n{body}\n"
    repo.git("reset -q --hard", repo.git("hash-object -t commit -w --stdin", stdin=text))
    repo.git("config --global gpg.program", canaries.command("gpg.program", "exit 1"))
    repo.git("config log.showSignature true")
    repo.git("log -1")
    assert canaries.executed_names == {"gpg.program"}
    canaries.reset()
    with FaultySink() as server:
        configure_mail_server(repo, server)
        call("draft", "-C", repo.path, "--cover", "frob: fix both\n\nWhy both are wrong.")
        assert repo.patchpilot("send", *_SEND[1:], "--via", via).code == ExitCode.OK
    assert canaries.executed_names == set()


def test_required_filter_runs_for_undo(
    tmp_path: Path,
) -> None:
    repo, canaries = (
        create_conflicting_patches(tmp_path / "repo"),
        Canaries(tmp_path / "canaries"),
    )
    canaries.set_config_canaries(repo, process=False)
    assert call("trust", repo.path).code == ExitCode.OK
    assert repo.patchpilot("check --fix").code == ExitCode.OK
    canaries.reset()
    assert repo.patchpilot("undo restore").code == ExitCode.OK
    assert canaries.executed_names <= {"filter.run.clean", "filter.run.smudge"}


def test_missing_object_is_not_fetched(tmp_path: Path) -> None:
    repo, canaries = (
        create_conflicting_patches(tmp_path / "repo"),
        Canaries(tmp_path / "canaries"),
    )
    canaries.set_config_canaries(repo)
    blob = repo.git("rev-parse HEAD~:frob.c")
    (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for command in ("check", "fixes", "backport", "stable"):
        call(command, "-C", repo.path, "HEAD~")
    assert canaries.executed_names == set()
