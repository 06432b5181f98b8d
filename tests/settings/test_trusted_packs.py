# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the configuration in a tree.

Its rule packs are used only if the user trusts them, and read only files in the tree. A branch
cannot disable checks.
"""

import json
import os
import re
import time
from pathlib import Path

import pytest

from patchpilot.checking.editor_check import EditorCheck
from patchpilot.cli.check.check_options import FORMATS
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.settings.source import find_settings_source
from patchpilot.tui.screens import checks_rows
from patchpilot.tui.view.session import JobRequest, Session
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.settings.test_read_settings import PACK

NOTHING = "ring: more\n\nMore of it.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    new_repo = Repo(tmp_path / "r")
    new_repo.commit("ring: start\n", {"a.c": "int a;\n"})
    new_repo.git("tag base")
    new_repo.commit(NOTHING, {"a.c": "int a;\nint OURS;\n"})
    new_repo.git("config patchpilot.base base")
    return new_repo


def commit_pack(repo: Repo, rules_toml: str = PACK) -> None:
    repo.put("tools/ours.toml", rules_toml)
    repo.put(".patchpilot.toml", 'packs = ["tools/ours.toml"]\n')


def run_check(repo: Repo, *arguments: object) -> tuple[int, str, str]:
    result = repo.patchpilot("check --select our-marker", *arguments, "HEAD")
    return result.code, result.out, result.err


def test_trusted_pack_runs_in_an_editor(repo: Repo) -> None:
    commit_pack(repo)
    assert call("trust", repo.path).code == 0
    editor = EditorCheck(repo.path)
    findings = editor.findings(repo.path / "a.c", "int a;\nint OURS;\nint OURS_too;\nint OURS;\n")
    editor.close()
    assert "our-marker" in {finding.finding.name for finding in findings}


@pytest.mark.usefixtures("terminal")
def test_tree_pack_needs_trust(repo: Repo) -> None:
    commit_pack(repo)
    exit_code, out, error_output = run_check(repo)
    assert (exit_code, out) == (2, "")
    assert "not trusted yet: tools/ours.toml" in error_output
    assert "patchpilot trust" in error_output
    shown_outcome = call("trust --show", repo.path)
    assert 'packs = ["tools/ours.toml"]' in shown_outcome.out
    assert "OUR001" in shown_outcome.out
    assert run_check(repo)[0] == 2
    assert call("trust", repo.path).code == 0
    assert run_check(repo)[0] == 1
    commit_pack(repo, PACK.replace("a marker of ours", "a marker of theirs"))
    exit_code, _, error_output = run_check(repo)
    assert (exit_code, "changed since you trusted them" in error_output) == (2, True)
    commit_pack(repo)
    assert run_check(repo)[0] == 1
    assert call("trust --revoke", repo.path).code == 0
    assert run_check(repo)[0] == 2


@pytest.mark.usefixtures("terminal")
def test_tui_and_cli_report_untrusted_packs(repo: Repo) -> None:
    commit_pack(repo)
    session = Session(repo.path)
    with Repository.open(repo.path) as repository:
        session.read_topic(repository)
        with pytest.raises(PatchpilotError, match="not trusted yet") as error:
            checks_rows.load_stage(JobRequest(repository, session, lambda *_: None))
    assert f"patchpilot: error: {error.value.message}\n" in repo.patchpilot("check").err


@pytest.mark.usefixtures("terminal")
def test_trust_covers_identical_worktrees(repo: Repo, tmp_path: Path) -> None:
    commit_pack(repo)
    repo.commit(NOTHING)
    assert call("trust", repo.path).code == 0
    repo.git("worktree add -q", str(tmp_path / "other"))
    assert call("check --select our-marker HEAD~1 -C", tmp_path / "other").code == 1


def test_user_pack_needs_no_trust(repo: Repo, tmp_path: Path) -> None:
    commit_pack(repo)
    (tmp_path / "mine.toml").write_text(PACK)
    repo.git("config --global patchpilot.packs", str(tmp_path / "mine.toml"))
    assert run_check(repo)[0] == 1
    repo.git("config --global patchpilot.packs ''")
    assert repo.patchpilot("check HEAD").code in (0, 1)


def test_settings_without_packs_need_no_trust(repo: Repo) -> None:
    repo.put(".patchpilot.toml", "max-line-length = 120\n")
    assert repo.patchpilot("check HEAD").code in (0, 1)
    assert "nothing to trust" in call("trust", repo.path).err
    repo.git("rm -q --cached a.c")
    (repo.path / ".patchpilot.toml").unlink()
    assert call("trust", repo.path).code == 3


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("name", ["tools/ours.toml", ".patchpilot.toml"])
def test_external_link_is_not_followed(repo: Repo, tmp_path: Path, name: str) -> None:
    commit_pack(repo)
    outside = tmp_path / "secret.toml"
    outside.write_text((repo.path / name).read_text())
    (repo.path / name).unlink()
    (repo.path / name).symlink_to(outside)
    for arguments in (("check", "-C", repo.path, "HEAD"), ("trust", repo.path)):
        outcome = call(*arguments)
        outcome.expect(2, "not followed")
        assert "OUR001" not in outcome.out + outcome.err


@pytest.mark.usefixtures("terminal")
def test_special_and_huge_files_are_not_read(repo: Repo) -> None:
    commit_pack(repo)
    (repo.path / "tools/ours.toml").unlink()
    os.mkfifo(repo.path / "tools/ours.toml")
    assert "not a regular file" in run_check(repo)[2]
    (repo.path / "tools/ours.toml").unlink()
    with (repo.path / "tools/ours.toml").open("wb") as file:
        file.truncate(8 << 30)
    assert "larger than 1 MiB" in run_check(repo)[2]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(a|a)*b", ""),
        ("OURS", "{match:>3000000000}"),
        ("OURS", "{match.__class__.__mro__}"),
        ("OURS", "{match!r}"),
    ],
)
def test_trusted_pack_is_limited(repo: Repo, pattern: str, message: str) -> None:
    text = PACK.replace("pattern = 'OURS'", f"pattern = '{pattern}'")
    if message:
        text = text.replace("scope =", f"message = '{message}'\nscope =")
    commit_pack(repo, text)
    repo.commit("all: settings\n")
    repo.git("tag -f base")
    repo.commit(NOTHING, {"a.c": f"int a;\nint OURS;\nint x_OURS;\n/* {'a' * 3000} */\n"})
    assert call("trust", repo.path).code == 0
    start_time = time.monotonic()
    exit_code, out, error_output = run_check(repo, "--format", "json")
    # without a limit, it does not end; a busy machine needs several seconds
    assert time.monotonic() - start_time < 60
    assert exit_code in (0, 1), error_output
    messages = [finding["message"] for finding in json.loads(out)["patches"][0]["findings"]]
    assert messages == ([message] if message else [])


def check_gate(repo: Repo, *arguments: object) -> int:
    return repo.patchpilot("check --select long-line --quiet", *arguments).code


@pytest.mark.parametrize("form", FORMATS)
def test_branch_cannot_disable_its_gate(repo: Repo, form: str) -> None:
    long = f"int b = {' + '.join(['value'] * 30)};\n"
    repo.commit(
        NOTHING,
        {
            "a.c": long,
            ".patchpilot.toml": 'fail-on = "never"\nmax-line-length = 1000\n',
        },
    )
    repo.commit(NOTHING, {"a.c": f"{long}int c;\n"})
    repo.commit(NOTHING, {".checkpatch.conf": "--ignore LONG_LINE\n"})
    repo.commit(NOTHING, {"a.c": long + long})
    for targets in ((), ("HEAD",), ("base..HEAD",), ("base..",)):
        assert check_gate(repo, "--format", form, *targets) == 1, targets
    assert check_gate(repo, "--format", form, "--config-from", "HEAD") == 0
    assert check_gate(repo, "--config-from", "base") == 1


LONG = f"int b = {' + '.join(['value'] * 30)};\n"


@pytest.mark.parametrize("form", FORMATS)
def test_branch_cannot_extend_the_baseline(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.chdir(repo.path)
    assert check_gate(repo, "--write-baseline", "baseline.json") == 0
    repo.commit("all: baseline\n")
    repo.git("tag -f base")
    repo.commit(NOTHING, {"a.c": LONG})
    assert check_gate(repo, "--format", form, "--baseline", "baseline.json") == 1
    assert check_gate(repo, "--baseline", "baseline.json", "--write-baseline") == 0
    repo.git("add baseline.json")
    repo.git("commit -q --amend --no-edit")
    for name in ("baseline.json", repo.path / "baseline.json"):
        assert check_gate(repo, "--format", form, "--baseline", name) == 1
    assert (
        check_gate(
            repo,
            "--format",
            form,
            "--baseline",
            "baseline.json",
            "--config-from",
            "HEAD",
        )
        == 0
    )
    repo.git("tag -f base-with-it")
    (repo.path / "baseline.json").unlink()
    assert (
        check_gate(
            repo,
            "--format",
            form,
            "--baseline",
            "baseline.json",
            "--config-from",
            "base-with-it",
        )
        == 0
    )


def test_gate_ignores_a_new_baseline(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    repo.commit(NOTHING, {"a.c": LONG})
    assert check_gate(repo, "--write-baseline", "baseline.json") == 0
    assert check_gate(repo, "--format", "sarif", "--baseline", "baseline.json") == 0, (
        "nobody tracks it: it is not the branch's"
    )
    repo.commit("all: baseline\n")
    outcome = repo.patchpilot("check --select long-line --format sarif --baseline baseline.json")
    outcome.expect(1, "baseline.json: not in the base")
    (repo.path / "link").symlink_to(".")
    assert check_gate(repo, "--format", "sarif", "--baseline", "link/baseline.json") == 1


def test_gate_uses_the_settings_of_the_base(repo: Repo, request: pytest.FixtureRequest) -> None:
    repo.commit("all: settings\n", {".patchpilot.toml": "max-line-length = 1000\n"})
    repo.git("tag -f base")
    (repo.path / ".patchpilot.toml").unlink()
    repo.commit(NOTHING, {"a.c": f"int b = {' + '.join(['value'] * 30)};\n"})
    assert check_gate(repo) == check_gate(repo, "--format", "sarif") == 0
    request.getfixturevalue("terminal")
    assert check_gate(repo) == 1
    assert repo.patchpilot("check --config-from nowhere").code == 2


def test_pack_named_by_the_user_is_trusted(repo: Repo) -> None:
    commit_pack(repo)
    repo.commit("all: settings\n")
    repo.git("tag -f base")
    repo.commit(NOTHING, {"a.c": "int a;\nint OURS;\nint x_OURS;\n"})
    exit_code, _, error_output = run_check(repo, "--format", "github")
    assert exit_code == 2
    assert "--config-from" in error_output
    assert run_check(repo, "--format", "github", "--config-from", "base")[0] == 1


def test_hint_trusts_the_packs_of_the_base(repo: Repo) -> None:
    """The branch forked before the base changed its pack, and a piped check uses the base's."""
    repo.git("branch topic")
    repo.git("checkout -q base")
    commit_pack(repo)
    repo.commit("all: settings\n")
    repo.git("tag -f base")
    repo.git("checkout -q topic")
    exit_code, _, error_output = run_check(repo)
    assert exit_code == 2
    (command,) = re.findall(r"`patchpilot (trust [^`]*)`", error_output)
    repo.patchpilot(f"{command} --show").expect(0, f"(to trust it: `patchpilot {command}`)")
    assert run_check(repo)[0] == 2
    outcome = repo.patchpilot(command)
    outcome.expect(0, "trusted as printed")
    assert "OUR001" in outcome.out
    assert run_check(repo)[0] == 1
    repo.patchpilot(f"{command} --revoke").expect(0, "no longer trusted")
    assert run_check(repo)[0] == 2
    repo.patchpilot(f"{command} --build").expect(2, "cannot be combined")
    repo.patchpilot("trust --config-from HEAD").expect(3, "no .patchpilot.toml")
    repo.patchpilot("trust --config-from nowhere").expect(2, "nowhere")


def test_untrusted_packs_do_not_block_a_commit(repo: Repo) -> None:
    commit_pack(repo)
    file = repo.path / ".git" / "COMMIT_EDITMSG"
    file.write_text(NOTHING)
    outcome = repo.patchpilot("setup hooks commit-msg --run", file)
    outcome.expect(0, "skipped")


def test_settings_have_no_source_without_a_tree() -> None:
    assert find_settings_source(None) is None


@pytest.mark.parametrize("form", ["text", "sarif"])
def test_ci_uses_the_packs_of_the_base_without_trust(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    commit_pack(repo)
    repo.commit("all: settings\n")
    repo.git("tag -f base")
    # the branch disables the pack and the rule, and adds a pack; none of them counts
    other = PACK.replace("OUR001", "OUR002").replace("our-marker", "other").replace("OURS", "int")
    repo.put("tools/other.toml", other)
    repo.put("tools/ours.toml", PACK.replace("OURS", "NEVER"))
    repo.put(".patchpilot.toml", 'packs = ["tools/other.toml"]\n')
    repo.commit(NOTHING, {"a.c": "int a;\nint OURS;\nint x_OURS;\n"})
    assert run_check(repo, "--format", form)[0] == 2
    monkeypatch.setenv("CI", "true")
    exit_code, out, error_output = run_check(repo, "--format", form)
    assert (exit_code, "our-marker" in out, "OUR002" in out) == (1, True, False), error_output
    assert repo.patchpilot("check --select other HEAD").code == 2


@pytest.mark.usefixtures("terminal")
def test_repository_can_disable_packs_but_needs_trust_to_name_one(
    repo: Repo, tmp_path: Path
) -> None:
    commit_pack(repo)
    assert "`git config patchpilot.packs ''`" in run_check(repo)[2]
    repo.git("config patchpilot.packs ''")
    assert "unknown rule" in run_check(repo)[2]
    assert repo.patchpilot("check HEAD").code in (0, 1)
    (tmp_path / "mine.toml").write_text(PACK)
    repo.git("config patchpilot.packs", str(tmp_path / "mine.toml"))
    exit_code, _, error_output = run_check(repo)
    assert (exit_code, "patchpilot.packs" in error_output) == (1, True), error_output
    assert "patchpilot trust" in error_output
    assert "patchpilot.packs" in call("trust", repo.path).out
    assert run_check(repo)[0] == 1
