# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `patchpilot find --try`: the commands that try a commit, and the result."""

import re
import subprocess
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.finding.kernel_version import KernelVersion
from patchpilot.finding.read_log import read_log
from patchpilot.finding.try_commit import Machine, plan_trial, read_machine, record_trial
from tests.kit.cli import call
from tests.kit.repos import Repo

FILE = "drivers/net/acme/ring.c"
RING = "int acme_ring_fill(struct ring *r)\n{\n\tint a;\n\n\tint b;\n\n\treturn use(r);\n}\n"
FIXED = RING.replace("\treturn", "\tif (!r)\n\t\treturn 0;\n\treturn")
TITLE = "acme: check the ring before it is filled"
LOG = """\
BUG: kernel NULL pointer dereference
CPU: 3 PID: 811 Comm: fio Not tainted 6.1.0-18-amd64 #1 Debian 6.1.1-1
RIP: 0010:acme_ring_fill+0x2b/0x110 [acme]
"""
PROC_VERSION = (
    "Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP Debian 6.1.1-1"
)


@pytest.fixture
def repo(workdir: Path) -> Repo:
    """Create a repository with v6.1, v6.1.1 in a stable branch, and a fix in mainline."""
    repo = Repo(workdir / "linux")
    repo.commit("Linux 6.1", {FILE: RING, "Makefile": "VERSION = 6\n", "Kbuild": "x\n"})
    repo.tag("v6.1")
    for number in range(2):
        repo.commit(f"net: change {number}", {f"net/core{number}.c": "int x;\n"})
    repo.commit(f"{TITLE}\n\nThe pointer may be NULL.\n", {FILE: FIXED})
    repo.tag("v6.2")
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.git("checkout -q --detach v6.1")
    repo.commit("Linux 6.1.1", {"Makefile": "VERSION = 6.1.1\n"})
    repo.tag("v6.1.1")
    repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    repo.checkout("master")
    return repo


def make_system(root: Path, distribution: str, *files: str) -> Path:
    """Write the files of a system from which its distribution and boot loader are read."""
    contents = {
        "proc/version": PROC_VERSION,
        "etc/os-release": f'NAME="X"\nID={distribution}\n',
        **dict.fromkeys(files, ""),
    }
    for name, text in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


EFI = "sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"


@pytest.mark.parametrize(
    ("distribution", "files", "family", "loader", "commands"),
    [
        (
            "debian",
            ("boot/config-6.1.0-18-amd64", "boot/grub/grub.cfg"),
            "debian",
            "grub",
            (
                "cp /boot/config-6.1.0-18-amd64 FOLDER/.config",
                "bindeb-pkg",
                "grub-reboot",
                "apt purge",
            ),
        ),
        (
            'linuxmint\nID_LIKE="ubuntu debian"',
            ("proc/config.gz", EFI),
            "debian",
            "systemd-boot",
            (
                "zcat /proc/config.gz > FOLDER/.config",
                "bindeb-pkg",
                "bootctl set-oneshot",
                "apt purge",
            ),
        ),
        (
            "fedora",
            ("lib/modules/6.1.0-18-amd64/config", "boot/grub2/grub.cfg"),
            "fedora",
            "grub2",
            (
                "cp /lib/modules/6.1.0-18-amd64/config",
                "make modules_install install",
                "grubby --set-default=/boot/vmlinuz-$(uname -r)",
                "grub2-reboot",
                "kernel-install remove",
            ),
        ),
        (
            "arch",
            ("proc/config.gz", EFI),
            "arch",
            "systemd-boot",
            ("pacman-pkg", "pacman -U", "bootctl set-oneshot", "pacman -R linux-try"),
        ),
        ("gentoo", (), "", "", ("copy the configuration", "kernel-install remove")),
    ],
)
def test_commands_are_those_of_the_distribution(
    repo: Repo,
    tmp_path: Path,
    distribution: str,
    files: tuple[str, ...],
    family: str,
    loader: str,
    commands: tuple[str, ...],
) -> None:
    machine = read_machine(make_system(tmp_path / "root", distribution, *files))
    assert (machine.distribution, machine.boot_loader) == (family, loader)
    with Repository.open(repo.path) as repository:
        trial = plan_trial(repository, "v6.2", machine=machine)
    script = "\n".join(command for step in trial.steps for command in step.commands)
    assert trial.base == "v6.1.1"
    folder = f"{repo.path}-try-{trial.commit[:12]}-6.1.1"
    wanted = [command.replace("FOLDER", folder) for command in commands]
    assert [command for command in wanted if command not in script] == []
    assert "sudo reboot" in script
    # only copy, boot and remove: no other default than the kernel that runs now
    checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_branch_has_the_release_and_this_commit_only(repo: Repo, workdir: Path) -> None:
    result = repo.patchpilot("find --try v6.2 --json -", stdin=LOG.encode())
    assert result.code == 0, result.err
    trial = result.json
    assert (trial["base"], trial["works"], trial["subject"]) == ("v6.1.1", "", TITLE)
    commands = trial["steps"][0]["commands"]
    subprocess.run(["sh", "-ec", "\n".join(commands)], cwd=repo.path, check=True)
    folder = next(workdir.glob("linux-try-*-6.1.1"))
    log = ["git", "log", "--format=%s", "v6.1.."]
    subjects = subprocess.run(log, cwd=folder, check=True, capture_output=True, text=True).stdout
    assert subjects.splitlines() == [TITLE, "Linux 6.1.1"]
    assert (folder / FILE).read_text() == FIXED
    # the last step removes both
    removal = [line for line in trial["steps"][-1]["commands"] if line.startswith("git ")]
    subprocess.run(["sh", "-ec", "\n".join(removal)], check=True)
    assert not folder.exists()
    assert "try-" not in repo.git("branch")


def test_follow_up_is_tried_with_the_commit(repo: Repo, workdir: Path) -> None:
    fix = repo.git("rev-parse v6.2^{commit}")
    text = FIXED.replace("use(r);", "use(r) + 1;")
    assert text != FIXED
    later = repo.commit(f'net: correct it\n\nFixes: {fix[:12]} ("{TITLE}")\n', {FILE: text})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    step = repo.patchpilot("find --try v6.2 --in v6.1.1 --json").json["steps"][0]
    assert step["purpose"].endswith("with the commit and the commit that it also needs")
    assert f"cherry-pick -x {later}   # a fix of it" in step["commands"][-1]
    subprocess.run(["sh", "-ec", "\n".join(step["commands"])], cwd=repo.path, check=True)
    folder = next(workdir.glob("linux-try-*-6.1.1"))
    assert (folder / FILE).read_text() == text


def test_commit_that_the_release_has_is_not_tried(repo: Repo) -> None:
    repo.patchpilot("find --try v6.2 --in v6.2").expect(2, "nothing to try")
    repo.patchpilot("find --works yes").expect(2, "--works needs --try")
    for words in (("--good", "v6.1"), ("--report",), ("--bisect",)):
        repo.patchpilot("find --try v6.2", *words).expect(2, "--try excludes")
    repo.patchpilot("find v6.2 --report").expect(2, "--report needs a log")


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_result_is_remembered_and_decides_the_next_step(repo: Repo, answer: str) -> None:
    def find() -> str:
        return repo.patchpilot("find - --in v6.1.1", stdin=LOG.encode()).out

    fix = repo.git("rev-parse v6.2^{commit}")
    before = find()
    assert "--request" not in before
    assert f"patchpilot find --try {fix[:12]} --in v6.1.1" in before
    line = f"find --try {fix} --in v6.1.1 --works {answer} -"
    outcome = repo.patchpilot(line, stdin=LOG.encode())
    assert outcome.code == 0, outcome.err
    request = f"patchpilot backport {fix[:12]} --request --tested 6.1.1"
    assert (request in outcome.out) == (answer == "yes")
    after = find()
    assert (request in after) == (answer == "yes")
    assert "tried on 6.1.1" in after
    if answer == "yes":
        words = ("--request", "--all", "--tested", "6.1.1", "--note", "x")
        mail = repo.patchpilot("backport", fix, *words)
        name = repo.git("config user.name")
        assert f"Tested on 6.1.1 by {name}." in mail.out
        assert f"Tested-by: {name} <{repo.git('config user.email')}>" in mail.out


def test_conflict_is_announced(repo: Repo) -> None:
    repo.git("checkout -q --detach v6.1")
    repo.commit("acme: rename use()", {FILE: RING.replace("use(r)", "used(r)")})
    repo.tag("v6.1.2")
    outcome = repo.patchpilot("find --try v6.2 --in v6.1.2")
    assert "it conflicts there: resolve the conflict" in outcome.out
    fix = repo.git("rev-parse v6.2^{commit}")
    # a pasted command does not change the user's own tree if the new one was not made
    folder = f"{repo.path}-try-{fix[:12]}-6.1.2"
    assert f"git -C {folder} cherry-pick -x {fix}" in outcome.out
    assert f"patchpilot backport {fix[:12]} --onto v6.1.2 --adapt\n" in outcome.out


def test_prerequisites_that_apply_are_no_conflict(repo: Repo) -> None:
    """The commands apply them, and there may be no adaptation."""
    repo.git("checkout -q v6.2^{commit}^")
    split = repo.commit("acme: split it", {FILE: RING + "\nint more(int a)\n{\n\treturn a;\n}\n"})
    more = RING + "\nint more(int a)\n{\n\tuse(a);\n\treturn a;\n}\n"
    tag = f'Fixes: {repo.git("rev-parse --short=12 v6.1^{commit}")} ("Linux 6.1")'
    fix = repo.commit(f"acme: use it\n\n{tag}\n", {FILE: more})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    outcome = repo.patchpilot("find --try", fix, "--in", "v6.1.1")
    assert "with the commit after its prerequisite" in outcome.out
    assert f"cherry-pick -x {split}   # a prerequisite\n" in outcome.out
    assert "conflict" not in outcome.out


@pytest.mark.parametrize("tree", ["v6.1.2", "stable/linux-6.1.y"])
def test_backport_that_needs_another_patch_is_for_all_branches(repo: Repo, tree: str) -> None:
    for name in ("6.1", "6.6"):
        repo.git("checkout -q --detach v6.1.1")
        texts = {FILE: RING.replace("use(r)", "used(r)"), "Makefile": f"VERSION = {name}.2\n"}
        repo.commit(f"Linux {name}.2", texts)
        repo.tag(f"v{name}.2")
        repo.git(f"update-ref refs/remotes/stable/linux-{name}.y HEAD")
    outcome = repo.patchpilot("find --try v6.2 --works yes -", "--in", tree, stdin=LOG.encode())
    search = repo.patchpilot("find - --in", tree, stdin=LOG.encode())
    fix = repo.git("rev-parse --short=12 v6.2^{commit}")
    tested = tree.removeprefix("v")
    for printed in (outcome.out, search.out):
        # the verdicts lead to what works: its prerequisites, an adaptation, or the conflict
        assert f"next: patchpilot backport {fix} --tested {tested}\n" in printed
    verdicts = repo.patchpilot(f"backport {fix} --tested {tested}").out
    assert re.search(r"newer trees first: stable/linux-6\.6\.y", verdicts), verdicts


def test_secure_boot_is_noted(repo: Repo, tmp_path: Path) -> None:
    root = make_system(tmp_path / "root", "debian", "boot/grub/grub.cfg")
    variable = root / "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    variable.parent.mkdir(parents=True)
    for content in (b"\6\0\0\0\0", b"\6\0\0\0\1"):
        variable.write_bytes(content)
        with Repository.open(repo.path) as repository:
            notes = plan_trial(repository, "v6.2", machine=read_machine(root)).notes
        assert any("Secure Boot" in note for note in notes) == content.endswith(b"\1")


def test_demo_warns_before_the_commands(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    command = "find --try v6.2 --in v6.1"
    warning = "the tree of the demo does not build"
    assert warning not in repo.patchpilot(command).out
    monkeypatch.setenv("PATCHPILOT_DEMO", str(repo.path))
    before, _, after = repo.patchpilot(command).out.partition("# 1.")
    assert warning in before
    assert "git " not in before
    assert warning not in after


def test_missing_files_are_no_error(tmp_path: Path) -> None:
    assert read_machine(tmp_path) == Machine()


def test_comments_run_nothing_in_a_shell_that_reads_them(repo: Repo) -> None:
    """At a prompt, zsh takes a line that begins with # for a command."""
    repo.commit("acme: see $(touch a) `touch b`; touch c, don't", {FILE: FIXED + "/* */\n"})
    remote = "refs/remotes/$(touch${IFS}d)/linux-6.1.y"
    repo.git("update-ref", remote, "v6.1.1")
    base = remote.removeprefix("refs/remotes/")
    outcome = repo.patchpilot("find --try HEAD --in", base)
    assert f"on {base}" in outcome.out, outcome.err
    comments = [line for line in outcome.out.splitlines() if line.startswith("#")]
    assert len(comments) > 7
    script = "\n".join(f"record {comment[1:]}" for comment in comments)
    subprocess.run(["sh", "-c", f"record() {{ :; }}\n{script}"], cwd=repo.path.parent, check=True)
    assert [path.name for path in repo.path.parent.iterdir()] == [repo.path.name]


def test_no_directory_of_all_kernels_is_removed(repo: Repo, tmp_path: Path) -> None:
    """The name of the kernel is empty if `basename` fails: several kernels, or none in zsh."""
    machine = read_machine(make_system(tmp_path / "root", "fedora", "boot/grub2/grub.cfg"))
    with Repository.open(repo.path) as repository:
        commands = plan_trial(repository, "v6.2", machine=machine).steps[-1].commands
    (removal,) = (command for command in commands if "rm -r" in command)
    ran = subprocess.run(
        ["sh", "-c", f"sudo() {{ echo $*; }}\nKERNEL=$1\n{removal}", "sh", ""],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode != 0, ran.stdout) == (True, "")
    named = ["sh", "-c", f"sudo() {{ echo $*; }}\nKERNEL=6.1-try\n{removal}"]
    assert subprocess.check_output(named, text=True) == "rm -r /lib/modules/6.1-try\n"


def test_script_is_not_folded_on_a_terminal(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folded command cannot be pasted, and the rest of a folded comment would be run."""
    monkeypatch.setattr("patchpilot.cli.common.Common.columns", 80)
    monkeypatch.setattr("patchpilot.cli.common._terminal_lines", lambda: 1000)
    words = ("find", "-C", repo.path, "--try", "v6.2", "--in", "v6.1.1")
    commands = [
        command for step in call(*words, "--json").json["steps"] for command in step["commands"]
    ]
    printed = call(*words).out.splitlines()
    assert max(map(len, commands)) > 80
    commands = [command for command in commands if not command.startswith("#")]
    assert [line for line in printed if line and line[0] != "#"] == commands


def test_answer_is_about_the_release_that_was_built(repo: Repo) -> None:
    fix = repo.git("rev-parse v6.2^{commit}")[:12]
    answer = ("find", "-C", repo.path, "--try", fix, "--works", "yes")
    # the kernel that runs here was not built with the commit
    call(*answer).expect(2, "the version that was tried is unknown")
    script = repo.patchpilot("find --try", fix, "--in", "v6.1.1").out
    assert f"patchpilot find --try {fix} --in v6.1.1 --works yes" in script
    for words in (answer, (*answer, "--in", "v6.1.1")):
        outcome = call(*words)
        assert "on 6.1.1: the bug is gone" in outcome.out
        assert f"patchpilot backport {fix} --request --tested 6.1.1" in outcome.out
    # a second plan keeps the answer
    repo.patchpilot("find --try", fix, "--in", "v6.1")
    again = repo.patchpilot("find - --in v6.1.1", stdin=LOG.encode()).out
    assert "tried on 6.1.1 for another or unknown log" in again


def test_running_kernel_with_the_commit_was_tried(repo: Repo, workdir: Path) -> None:
    with Repository.open(repo.path) as repository:
        fix = repository.resolve("v6.2^{commit}")
        plan_trial(repository, fix, tree="v6.1", symptom=read_log(LOG))
        named = f"6.1.1-try-{fix[:12]}"
        machine = Machine(KernelVersion(named, "6.1.1", named))
        trial = record_trial(repository, fix, "no", machine=machine)
    assert (trial.base, trial.notes) == ("6.1.1", ())


OTHER_LOG = LOG.replace("NULL pointer dereference", "unable to handle page fault")


@pytest.mark.parametrize("answer", ["yes", "no"])
@pytest.mark.parametrize(
    ("tried_for", "note"),
    [
        ("", "tried on 6.1 for another or unknown log: "),
        (OTHER_LOG, "tried on 6.1 for another or unknown log: "),
        (LOG, "tried on another release, 6.1: "),
    ],
)
def test_answer_about_another_log_or_release_decides_nothing(
    repo: Repo, answer: str, tried_for: str, note: str
) -> None:
    def find() -> tuple[int, list[str]]:
        result = repo.patchpilot("find - --in v6.1.1", stdin=LOG.encode())
        return result.code, result.out.splitlines()

    before = find()
    words = ("--try", "v6.2", "--in", "v6.1", "--works", answer, *(["-"] if tried_for else []))
    repo.patchpilot("find", *words, stdin=tried_for.encode())
    code, after = find()
    note += "the bug is gone" if answer == "yes" else "the bug is still there"
    shown = [line.replace(f"; {note}", "") for line in after]
    assert (code, shown) == before
    assert after != shown


@pytest.mark.parametrize("is_planned", [False, True])
def test_answer_without_a_log_is_about_the_log_for_which_it_was_proposed(
    repo: Repo, is_planned: bool
) -> None:
    def find(log: str) -> str:
        return repo.patchpilot("find - --in v6.1.1", stdin=log.encode()).out

    tried = ("find", "-C", repo.path, "--try", "v6.2", "--in", "v6.1.1")
    find(LOG)
    if is_planned:
        call(*tried)
        # a later search changes nothing about the kernel that was built
        find(OTHER_LOG)
    assert "unknown which log" not in call(*tried, "--works", "yes").out
    assert "fixes it, as you tried" in find(LOG)
    assert "for another or unknown log" in find(OTHER_LOG)


def test_answer_about_a_commit_is_about_its_release(repo: Repo) -> None:
    tried = repo.git("rev-parse v6.1.1^{commit}")
    words = ("find", "-C", repo.path, "--try", "v6.2", "--in", tried, "--works", "yes", "-")
    assert "--tested 6.1.1" in call(*words, stdin=LOG.encode()).out
    for name in ("v6.1.1", tried[:12]):
        found = repo.patchpilot("find - --in", name, stdin=LOG.encode()).out
        assert "fixes it, as you tried" in found
        assert "another release" not in found


def test_answers_for_all_releases_are_listed(repo: Repo) -> None:
    tried = ("find", "-C", repo.path, "--try", "v6.2", "--works")
    call(*tried, "yes", "--in", "v6.1.1", "-", stdin=LOG.encode())
    both = call(*tried, "yes", "--in", "v6.1", "-", stdin=LOG.encode())
    assert "--request --tested 6.1 --tested 6.1.1" in both.out
    noted = call(*tried, "no", "--in", "v6.0")
    assert "unknown which log it was tried for: `find` only shows the answer" in noted.out
    for tree, first, second in (("v6.1.1", "6.1.1", "another release, 6.1"), ("v6.1", "6.1", "")):
        found = repo.patchpilot("find - --in", tree, stdin=LOG.encode()).out
        assert f"tried on {first}: the bug is gone; tried on {second}" in found
        assert "; tried on 6.0 for another or unknown log: the bug is still there\n" in found
        assert f"--request --tested {first} --tested 6.1" in found
    document = repo.patchpilot("find - --in v6.1.1 --json", stdin=LOG.encode()).json
    (fix,) = (it for it in document["candidates"] if "trials" in it)
    assert (fix["works"], fix["tried_on"]) == ("yes", "6.1.1")
    keys = ("release", "works", "same_symptom", "same_release")
    assert [tuple(trial[key] for key in keys) for trial in fix["trials"]] == [
        ("6.1.1", "yes", True, True),
        ("6.1", "yes", True, False),
        ("6.0", "no", False, False),
    ]


def test_log_is_recognized_after_another_boot(repo: Repo) -> None:
    tried = ("find", "-C", repo.path, "--try", "v6.2", "--in", "v6.1.1", "--works", "no", "-")
    call(*tried, stdin=LOG.encode())
    again = LOG.replace("CPU: 3 PID: 811", "CPU: 0 PID: 4711").replace("+0x2b/0x110", "+0x2f/0x118")
    result = repo.patchpilot("find - --in v6.1.1", stdin=again.encode())
    assert "is not the fix, as you tried; " in result.out.splitlines()[0]


@pytest.mark.parametrize("is_tagged", [True, False])
def test_update_comes_before_a_backport(repo: Repo, is_tagged: bool) -> None:
    fix = repo.git("rev-parse v6.2^{commit}")
    repo.git("checkout -q --detach v6.1.1")
    repo.commit(f"{TITLE}\n\ncommit {fix} upstream.\n", {FILE: FIXED})
    repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    answer = ("find", "-C", repo.path, "--try", fix, "--in", "v6.1.1", "--works", "yes")
    waiting = "next: 6.1.y has it, but no release of it yet: wait for the next one"
    assert waiting in call(*answer).out
    for number in (2, 3):
        repo.commit(f"Linux 6.1.{number}", {"Makefile": f"VERSION = 6.1.{number}\n"})
        if is_tagged:
            repo.tag(f"v6.1.{number}")
    repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    found = repo.patchpilot("find -", stdin=LOG.encode()).out
    assert found.startswith("6.1.y has the first commit since v6.1.2: update first, then see")
    assert "; 6.1.y has it since v6.1.2\n" in found
    assert "next: update to v6.1.2 or later, then see whether it still happens\n  or " in found
    warning = " ".join(repo.patchpilot("find - --report", stdin=LOG.encode()).err.split())
    assert "6.1.y has it since v6.1.2; instead of the report: update to v6.1.2" in warning
    assert "next: 6.1.y has it since v6.1.2: update to it\n" in call(*answer).out
    call(*answer, "-", stdin=LOG.encode())
    solved = repo.patchpilot("find -", stdin=LOG.encode()).out
    assert "next: 6.1.y has it since v6.1.2: update to it" in solved
    # the kernel of the log has the commit
    later = LOG.replace("Debian 6.1.1-1", "Debian 6.1.2-1")
    assert "since v6.1.2" not in repo.patchpilot("find - --in v6.1", stdin=later.encode()).out
