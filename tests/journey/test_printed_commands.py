# SPDX-License-Identifier: GPL-2.0-or-later
"""Run every command in hints, help, advice and documentation.

The commands run with git, and with a mail server and an archive on loopback.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import IDENTITY
from tests.kit import story
from tests.kit.cli import Outcome, call
from tests.kit.cve_records import CveRepository, format_announcement, make_json
from tests.kit.life import LIST, Life, create_life
from tests.kit.mails import MATT, RITA, build_mbox, build_reply
from tests.kit.printed import ROOT, find_quoted_commands, map_printed_commands
from tests.kit.repos import Repo
from tests.kit.terminal import PROGRAM, Terminal

OOPS = """\
BUG: kernel NULL pointer dereference, address: 0000000000000008
CPU: 0 PID: 1 Comm: ip Not tainted 6.1.0 #1
RIP: 0010:foo+0x12/0x40
Call Trace:
 <TASK>
 foo+0x12/0x40
 </TASK>
"""
BROKEN = "int foo(void)\n{\n\tint rc = 0;\n\n\tbar();\n\treturn rc;\n}\n"
FIXED = BROKEN.replace("\tbar();", "\trc = bar();").replace("return rc;", "return rc ? rc : 0;")
MAINTAINERS = f"""\
List of maintainers

FOO DRIVER
M:	{MATT}
L:	{LIST}
S:	Maintained
F:	drivers/net/
"""

CVES = ("CVE-2026-12345", "CVE-2026-12346")

NOT_RUN = {
    **dict.fromkeys(
        (
            "patchpilot check --review",
            "patchpilot check --waive review-1a2b3c4d='why not'",
            "patchpilot draft --note-review",
        ),
        "needs a reviewer: tests/reviewers/test_review.py runs it",
    ),
    "patchpilot send --tested hardware|qemu|built|no": (
        "names the answers: tests/sending/test_questions.py gives them"
    ),
    "patchpilot build --config FILE": (
        "needs a configuration with the changed file: tests/cli/test_build.py has one"
    ),
    "patchpilot draft --edit": "opens an editor on a terminal: run below",
    "patchpilot backport {target} {onto}": (
        "its words are known at run time:"
        " tests/tracking/test_update_series_lives.py compares the step"
    ),
    **dict.fromkeys(
        ("patchpilot backport {arguments} --signoff", "patchpilot backport {again} --signoff"),
        "its words are known at run time: tests/backports/test_work_clone.py compares them",
    ),
    "patchpilot send --reroll {target}": (
        "its words are known at run time: tests/backports/test_stable_states.py compares them"
    ),
    "patchpilot backport {claim[:12]} --onto {target.label}": (
        "its words are known at run time: tests/outgoing/test_preflight.py compares them"
    ),
    "patchpilot send {branch.resolved}": (
        "known at run time: tests/backports/test_work_clone.py compares it"
    ),
    "patchpilot send {written[0]}": (
        "needs written backports: tests/backports/test_write.py compares the step"
    ),
    "patchpilot track show {entries[0][0]}": (
        "its words are known at run time: tests/threads/test_known_series.py runs it"
    ),
    **dict.fromkeys(
        (
            "patchpilot backport {fix.commit[:12]}",
            "patchpilot backport {self.commit[:12]}",
            "patchpilot backport {commit[:12]} {options}",
            "patchpilot backport {state.sure.commit[:12]}",
            "patchpilot backport {commit[:12]} {list_onto_options(onto)} --request",
            "patchpilot backport {result.reverted.replacements[-1].commit[:12]} --request",
        ),
        "its words are known at run time: tests/topic/test_upstream_state.py runs them",
    ),
    **dict.fromkeys(
        (
            f"patchpilot find{words}"
            for words in (
                *("", " {self.commit[:12]}", " --bisect"),
                " {operation} --good {good} --bad {name}",
                " {operation} --good {name} --bad {bad}",
                " {operation} --good {good} --bad {bad} --report",
                " {operation} --good {good} --bad {fixes.tree} --report",
                " {operation} --good VERSION --bad {fixes.tree}",
                " 'mpt2sas0: _ctl_do_mpt_command: timeout'",
                *map(" --bisect {}".format, ["bad", "good", "reset", "skip", "undo"]),
            )
        ),
        "needs a log and a mainline: tests/finding/test_find_fix.py has both",
    ),
    **dict.fromkeys(
        ("patchpilot build --config .config", "patchpilot build drivers/hwmon/lm75.c"),
        "needs a kernel tree: tests/cli/test_build.py has one",
    ),
    **dict.fromkeys(
        (
            "patchpilot backport {commit} --onto {base} --adapt",
            "patchpilot find --try {commit} --in {branch}",
            "patchpilot find {tried} --works {answer}",
            "patchpilot find --try {self.commit[:12]} --in {self.branches[0].branch}",
        ),
        "needs a release without the fix: tests/finding/test_try_commit.py has one",
    ),
    "patchpilot backport {commit} --request --tested '{waiting[0].name} by NAME'": (
        "its words are known at run time: tests/backports/test_write.py compares the hint"
    ),
    **dict.fromkeys(
        (
            f"patchpilot send {folder}/*.patch"
            for folder in ("out/5.15", "out/6.12", "{reroll}{shlex.quote(str(files[0].parent))}")
        ),
        "needs written backports: tests/sending/test_check_backports.py plans them",
    ),
    **dict.fromkeys(
        (
            "patchpilot draft --changelog '- check the ring first (Grace)' out/6.12/*.patch",
            *map("patchpilot send --reroll {}".format, ["{files}", "out/6.12/*.patch"]),
        ),
        "needs backports that were sent: tests/sending/test_check_backports.py plans them",
    ),
    "patchpilot backport {follower.commit[:12]}": (
        "its commit is known at run time: tests/backports/test_write.py compares the hint"
    ),
    "patchpilot doctor --arrived": (
        "needs a message that a program took: tests/outgoing/test_hand_over.py has one"
    ),
    "patchpilot backport HEAD --build objects --write ../backports/": (
        "needs a kernel tree: tests/backports/test_build_objects.py has one"
    ),
    "patchpilot draft --note-build": (
        "needs commits that were built: tests/cli/test_build.py has some"
    ),
    "patchpilot backport {commit_ids} --request": (
        "its commits are known at run time: tests/cli/test_backport_untouched.py runs it"
    ),
    "patchpilot track reply 1 --template ping": (
        "is held while no reminder is due: tests/cli/test_track_reply.py has one that is"
    ),
    "patchpilot trust --build {target}": "known at run time: tests/cli/test_build.py compares it",
    "patchpilot demo": "opens the TUI on a terminal: tests/tui run it",
    "patchpilot demo --keep ~/sandbox": "opens the TUI on a terminal",
    "patchpilot demo --script": "tests/cli/test_demo.py runs it",
    "patchpilot demo --shell": "opens a shell on a terminal: tests/cli/test_demo.py runs it",
    **{
        f"patchpilot lsp{words}": "answers an editor: tests/lsp runs it"
        for words in ("", " --topic")
    },
    "patchpilot tui": "opens the TUI on a terminal: tests/tui run it",
    "patchpilot tui origin/master..my-fix": "opens the TUI on a terminal",
    "patchpilot setup stable --profile acme": (
        "asks the project's site; tests/setup/test_lts_branches.py runs it on loopback"
    ),
    "patchpilot track show 1 --range-diff 'RFC v1'": (
        "needs an RFC: tests/tracking/test_compare_versions.py has one"
    ),
    "patchpilot track add - < bounce.eml": (
        "needs a bounce: tests/reading/test_delivery.py pipes one in"
    ),
    **{
        f"patchpilot track reply {words}": (
            "opens an editor on a terminal: tests/cli/test_track_reply.py gives the text"
        )
        for words in (
            "{message_id} {options}",
            "'<{message_id}>' {options}",
        )
    },
    "patchpilot track reply failed.eml --patch HEAD": (
        "needs a FAILED mail: tests/cli/test_track_reply.py replies to one"
    ),
    "patchpilot track reply '<{plan.draft.answers}>' --unknown sent": (
        "needs a reply in doubt: tests/cli/test_track_reply.py has one"
    ),
    "patchpilot setup mail": ("asks on a terminal: tests/setup/test_mail.py has the answers"),
    "patchpilot find COMMIT": (
        "needs an archive that has the commit: tests/cli/test_find_posted.py has one"
    ),
    "patchpilot setup stable --fetch": (
        "fetches from kernel.org; tests/history/test_missing_branches.py fetches on this machine"
    ),
    "patchpilot setup stable": (
        "asks kernel.org; tests/setup/test_lts_branches.py runs it on loopback"
    ),
    'patchpilot setup hooks {name} --run "$1"': (
        "a line of the git hook: tests/setup/test_install_hooks.py runs the hook"
    ),
    'patchpilot setup hooks NAME --run "$1"': (
        "a line of the git hook: tests/setup/test_install_hooks.py runs the hook"
    ),
    "patchpilot check --format checkpatch -'": (
        "the end of b4's command: tests/cli/test_check_b4_prep.py runs it"
    ),
    "patchpilot draft, topic": "no command: the heading of an exported draft",
}
"""Commands that are not run, with reasons."""

PLACEHOLDERS = (
    (r"(?<=--fixes )(?:COMMIT\b|\{facts\.culprit\})", "CULPRIT"),
    (r" \{OPTIONS\}", ""),
    (r"(?<=--trailer )\{reports\[0\]\}", "https://bugzilla.kernel.org/show_bug.cgi?id=1"),
    (r"(?<=--bisect-log )FILE\b", "bisect.txt"),
    (r"--test (?:FILE|ours\.toml)", "--test ~/ours.toml"),
    (r"1a2b3c4d5e6f", "LANDED"),
    (r"/boot/config-6\.1", "kernel.config"),
    (r"v6\.1\.76", "v6.1"),
    (r"(?<=--tested )6\.1\.76|6\.1\.76(?= by Jane Doe)", "6.1"),
    (r"\{step\.mainline\}", "origin/master"),
    (r"(?<=find )LOG|(?<=--bisect )LOG", "oops.txt"),
    (r"(?<=author )ADDRESS", "ada@example.org"),
    (r"(?<=confirm )'<[^>]*>'|(?<=confirm --no )'<[^>]*>'", "CLAIM"),
    # series 2 has a review
    (r"(?<=show )1 (?=--ledger --mark)", "2 "),
    (r"(?<=track reply )1$", "2"),
    (r"(?<=show )ID (?=--range-diff)", "1 "),
    (r"--range-diff v1 v3", "--range-diff v1 v2"),
    (r"--mark 2", "--mark 1"),
    (
        r"\{(?:last_)?result\.(?:short|commit\[:12\])\}|\{target\}|1234abcd5678|\bCOMMIT\b|\{str\(fix\.commit\)\}|\{fix\.id\[:12\]\}"
        r"|\{commit(?:(?:\.id)?\[:12\])?\}|\{upstream\[:12\]\}|\{checked_patch\.patch\.commit\[:12\]\}",
        "LANDED",
    ),
    (r"43645ce03e00", "CULPRIT"),
    (r" \{signoff\}", ""),
    (r"\{onto_arguments\}", "--onto BRANCH"),
    (r"drivers/net/acme/ring\.c", "drivers/net/foo.c"),
    (r"\{operation\} --in (?:\{fixes\.tree\}|VERSION)", "bar --in v6.1"),
    (r"\{(?:answer|branch|branches\[0\])\.branch\}|\bBRANCH\b", "stable/linux-5.15.y"),
    (r"\bA\.\.B\b", "origin/master..HEAD"),
    (r"https://lore\.kernel\.org/netdev/(?:<message-id>|[^'/ ]+)/", "URL"),
    (
        r"<message-id>|<20240\d01120000[^>]*>|<\{[^}]*\}>|<20240304090000[^>]*>",
        "<MESSAGE-ID>",
    ),
    (r"(?<=track add )\{text\}", "MESSAGE-ID"),
    # series 2 comes from an mbox and is not in the archive
    (r"(?<=update )2(?= --lore)", "1"),
    (r"\{resolve_arguments\}", "--resolve stable/linux-5.15.y"),
    (r"\{option\} \{text\}", "--cover-subject 'foo: two fixes'"),
    (r"<id@host>|<the mail@example\.org>", "<MESSAGE-ID>"),
    (r"\{drop_options\}", "--drop otto@example.com"),
    (r"--drop (?:ADDRESS|\{[\w.]+\}|somebody@example\.org)", "--drop otto@example.com"),
    (
        r"--restore \{\w+\}|--restore somebody@example\.org",
        "--restore otto@example.com",
    ),
    (r"\{(?:number|str\(state\.undo\.number\)|(?:result|preparation)\.undo\.number)\}", "3"),
    (
        r"\{entries\[0\]\[0\]\}|\{str\(open_items\[0\]\[0\]\)\}|\{str\((?:number|(?:self\.)?entry\.id)\)\}",
        "1",
    ),
    (r"--mbox \{str\(mbox\)\}|(?:(?<=show )|(?<=add ))--mbox FILE", "--mbox thread.mbox"),
    (
        r"--lore (?:\{LORE\}|https://lore\.kernel\.org/netdev|\./netdev|~/mail/netdev)",
        "--lore ARCHIVE",
    ),
    (r"draft -v \{str\(\w+\.version \+ 1\)\}", "draft -v 2"),
    (r"--unknown \{unknown\[0\]\}=sent", "--unknown sent"),
    (r"--since-version 2", "--since-version 1"),
    (r"--unwaive RULE", "--unwaive long-line"),
    (r"\{waiver\.rule\}=REASON", "long-line='reads better'"),
    (r"--(fix|baseline|write-baseline|export) (?:\{name\}|FILE)", r"--\1 \1.txt"),
    (r"draft (?:\[show\|reset\] \[TARGET\]|\{action\})", "draft show"),
    (r"explain (?:RULE|NAME)|explain \{rule\.name\}", "explain missing-fixes"),
    (r"help (?:NAME|COMMAND)", "help check"),
    (r"(?<=check )-f(?: \{source\})?(?= --|$)", "-f drivers/net/foo.c"),
    (r"--ignore \{rule\.name\}", "--ignore long-line"),
    (r"\bTEXT\b", "'foo: two fixes'"),
    (r"\bDIR\b", "out"),
    (r"--profile acme", "--profile netdev"),
    (r"HEAD~2", "HEAD~1"),
    (r"\b0123456789ab\b", "HEAD"),
)
"""Values for placeholders (described in docs/how-to as "in capital letters"), by regular
expression; LANDED, CULPRIT, URL and MESSAGE-ID come from the fixture.
"""

WORLDS = (
    (r"CVE|--cves|announcement|page\.html|my-6\.1|vendor/6\.1|--bad", "branches"),
    (r"--works yes", "tried"),
    (r"track confirm", "claimed"),
    (r"track show .*--range-diff", "reposted"),
    (r"send .*--resume|resume", "cut"),
    (r"--reroll|-v 2", "rerolled"),
    (r"^patchpilot (?:track|trailers|find)|--since-version|check '<", "sent"),
    (r"undo", "prepared"),
    (r"--unwaive", "waived"),
    (r"--baseline baseline\.json", "baseline"),
    (r"--no-b4", "b4"),
    (r"--restore|--reset", "dropped"),
    (r"no-magic-board|--test ", "own rules"),
    (r"^patchpilot trust", "configured"),
    (r"", "ready"),
)
"""State of the topic in which commands are printed."""


class SavedWorld:
    """A sandbox whose states are created only once. `enter` restores a copy of a state."""

    def __init__(self, root: Path, topic_life: Life) -> None:
        self.root, self.life = root, topic_life
        self.values: dict[str, str] = {}

    @property
    def current_folder(self) -> Path:
        return self.life.repo.path

    def save_state(self, name: str) -> None:
        shutil.copytree(self.root, self.root.parent / f"saved-{name}", symlinks=True)

    def restore_state(self, name: str) -> None:
        shutil.rmtree(self.root)
        shutil.copytree(self.root.parent / f"saved-{name}", self.root, symlinks=True)
        os.chdir(self.current_folder)


def _build_environment(root: Path, patch: pytest.MonkeyPatch) -> None:
    home = root / "home"
    home.mkdir(parents=True, exist_ok=True)
    for name, value in {
        **IDENTITY,
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_EDITOR": "true",
        "NO_COLOR": "1",
    }.items():
        patch.setenv(name, value)
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))


def _run_successfully(*argv: object) -> Outcome:
    result = call(*argv)
    assert result.code == 0, (argv, result.err, result.out)
    return result


def _create_files(world: SavedWorld) -> None:
    repo, home = world.life.repo, world.root / "home"
    with (home / ".gitconfig").open("a") as config:
        config.write(
            "[user]\n\tname = Ada Fixer\n\temail = ada@example.org\n"
            "[init]\n\tdefaultBranch = master\n"
        )
    repo.git("checkout -q master")
    files = {
        "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n",
        "MAINTAINERS": MAINTAINERS,
        "Kbuild": "",
        "drivers/net/README": "x\n",
    }
    repo.commit(f"net: start\n\nSigned-off-by: {MATT}", files)
    repo.tag("v5.15.20")
    culprit = repo.commit(
        f"net: foo: add foo\n\nAdd foo.\n\nSigned-off-by: {MATT}",
        {"drivers/net/foo.c": BROKEN},
        author=MATT,
    )
    message = (
        f'net: foo: return early\n\nNothing is left to do then.\n\nFixes: {culprit[:12]} ("net:'
        f' foo: add foo")\nSigned-off-by: {MATT}'
    )
    repo.tag("v6.1")
    repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    repo.git("branch -q v5.4-rt v5.15.20")
    merged_commit = repo.commit(
        message,
        {"drivers/net/foo.c": BROKEN.replace("return rc;", "return 0;")},
        author=MATT,
    )
    repo.git("checkout -q -b linux-5.15 v5.15.20")
    backport_message = (
        f"net: foo: add foo\n\ncommit {culprit} upstream.\n\nAdd foo.\n\nSigned-off-by: {MATT}"
    )
    repo.commit(
        backport_message,
        {"drivers/net/foo.c": BROKEN.replace("bar();", "bar(1);")},
        author=MATT,
    )
    repo.git("update-ref refs/remotes/stable/linux-5.15.y HEAD")
    repo.git("update-ref refs/remotes/origin/master master")
    repo.git("checkout -q -B my-fix master")
    repo.git("branch -q -D topic")
    message = (
        "net: foo: hand up the error of bar()\n\nThe caller has to know when bar() fails, or it"
        " goes on with a device that\nis not set up.\n\n"
        f'Fixes: {culprit[:12]} ("net: foo: add foo")\n'
    )
    repo.commit(
        f"{message}Signed-off-by: Ada Fixer <ada@example.org>",
        {"drivers/net/foo.c": FIXED},
    )
    repo.git("config patchpilot.profile linux")
    repo.git("config --global sendemail.to", LIST)
    for name in (
        "0001-net-fix-it.patch",
        "0001-net-fix-leak.patch",
        "0001-my-fix.patch",
        "fix.patch",
        "outgoing/0001-a.patch",
    ):
        (repo.path / name).parent.mkdir(exist_ok=True)
        (repo.path / name).write_text(repo.git("format-patch --stdout -1") + "\n")
    (repo.path / "thread.mbox").write_bytes(build_mbox(*story.WHOLE))
    (repo.path / "reply.eml").write_bytes(build_reply("[PATCH] x", f"Reviewed-by: {RITA}", id="r9"))
    (repo.path / "bisect.txt").write_text(
        f"git bisect start\n# first bad commit: [{culprit}] net: foo: add foo\n"
    )
    (repo.path / "oops.txt").write_text(OOPS)
    (repo.path / "answer.txt").write_text("Right, I fix it in the next version.\n")
    (repo.path / "review.eml").write_bytes(story.REVIEW)
    (repo.path / "autosel.eml").write_bytes(story.IN_REVIEW)
    for name in ("fix.txt", "baseline.txt"):
        (repo.path / name).write_text(
            repo.git("format-patch --stdout -1") + "\n" if name == "fix.txt" else ""
        )
    (repo.path / "baseline.txt").unlink()
    (home / "linux").symlink_to(repo.path)
    (home / "src").mkdir()
    subprocess.run(
        [
            "git",
            "worktree",
            "add",
            "-q",
            "--detach",
            str(home / "src" / "linux-6.1"),
            "v6.1",
        ],
        cwd=repo.path,
        check=True,
    )
    (home / "src" / "linux-6.1" / ".git").unlink()
    archive_epoch = home / "lists" / "linux-usb" / "git" / "0.git"
    inbox_repo = Repo(home / "inbox")
    newest_mail = inbox_repo.commit(
        "[PATCH] net: fix it", {"m": (repo.path / "fix.patch").read_text()}
    )
    inbox_repo.git("clone -q --bare .", str(archive_epoch))
    world.values = {
        "LANDED": merged_commit[:12],
        "CULPRIT": culprit[:12],
        "POSITION": f"{archive_epoch}:{newest_mail}",
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavedWorld]:
    root = tmp_path_factory.mktemp("printed") / "world"
    with pytest.MonkeyPatch.context() as patch:
        for name in [
            name for name in os.environ if name.startswith(("GIT_", "XDG_", "PATCHPILOT_", "B4_"))
        ]:
            patch.delenv(name)
        _build_environment(root, patch)
        with create_life(root) as topic:
            saved_world = SavedWorld(root, topic)
            _create_files(saved_world)
            patch.chdir(saved_world.current_folder)
            _save_states(saved_world)
            yield saved_world


def _create_branches(world: SavedWorld) -> None:
    """Create branches of others, releases of 6.1, and records of CVEs."""
    repo, home, values = world.life.repo, world.root / "home", world.values
    for name in ("my-6.1", "linux-6.1.y-rt", "vendor/main", "linux-6.1.y"):
        repo.git("branch -q", name, "v6.1")
    repo.git("tag v6.2 master")
    repo.git("tag v6.1.191 v6.1")
    repo.git("checkout -q linux-6.1.y")
    repo.commit(f"net: describe it\n\nSigned-off-by: {MATT}", {"drivers/net/README": "y\n"})
    repo.tag("v6.1.192")
    repo.git("checkout -q -b vendor/6.1 v6.1")
    repo.commit(f"net: keep a note\n\nSigned-off-by: {MATT}", {"NOTE": "x\n"})
    repo.git("merge -q --no-edit v6.1.192")
    repo.git("checkout -q -B topic")
    repo.git("cherry-pick -x", values["LANDED"])
    repo.git("checkout -q my-fix")
    (repo.path / "kernel.config").write_text("CONFIG_NET=y\n")
    (repo.path / "ids.txt").write_text(f"{values['LANDED']}\n")
    fix, culprit = (repo.git("rev-parse", values[name]) for name in ("LANDED", "CULPRIT"))
    pairs, title = [("6.1", culprit, "6.2", fix)], "net: foo: return early"
    records = CveRepository(home / "src" / "vulns")
    for cve in CVES:
        records.publish(cve, title, [fix], pairs)
    records.commit()
    repo.git("config --global patchpilot.vulns", str(records.path))
    (repo.path / f"{CVES[0]}.json").write_text(json.dumps(make_json(CVES[0], title, pairs)))
    for name in ("announcement.mbox", "week.mbox"):
        (repo.path / name).write_text(format_announcement(CVES[0], title, pairs))
    (repo.path / "new.txt").write_text("\n".join(CVES))
    (repo.path / "page.html").write_text(f"<h1>Bug 7</h1><p>fixed, see {CVES[1]}</p>\n")


def _save_states(world: SavedWorld) -> None:
    topic_life = world.life
    _run_successfully("send", "--security", "no", "--regression", "no", "--dry-run")
    _run_successfully("draft", "--export", "topic.txt")
    # make the archive unreachable, because it contains later messages but the topic was not sent
    topic_life.repo.git("config --global patchpilot.lore http://127.0.0.1:9/all/")
    world.save_state("ready")
    for name in (
        "Otto Other <otto@example.com>",
        "Rita Reviewer <rita@example.net>",
        "Max Muster <max@example.com>",
    ):
        _run_successfully("prepare", "--trailer", f"Cc: {name}", "--yes")
    world.save_state("prepared")
    world.restore_state("ready")
    _create_branches(world)
    world.save_state("branches")
    world.restore_state("ready")
    _run_successfully("find", "--try", world.values["LANDED"], "--in", "v6.1")
    world.save_state("tried")
    world.restore_state("ready")
    _run_successfully("check", "--waive", "long-line=reads better")
    world.save_state("waived")
    world.restore_state("ready")
    _run_successfully("maintainers", "--add-cc", "otto@example.com")
    _run_successfully("maintainers", "--drop", "otto@example.com")
    world.save_state("dropped")
    world.restore_state("ready")
    (world.current_folder / ".patchpilot.toml").write_text('packs = ["ours.toml"]\n')
    (world.current_folder / "ours.toml").write_text("")
    world.save_state("configured")
    world.restore_state("ready")
    page = (ROOT / "docs" / "how-to" / "add-a-rule.md").read_text()
    (world.root / "home" / "ours.toml").write_text(
        textwrap.dedent(page[page.index("        [[rule]]") : page.index("    In a rule, `where`")])
    )
    topic_life.repo.git("config --global patchpilot.packs ~/ours.toml")
    world.save_state("own rules")
    world.restore_state("ready")
    call("check --write-baseline baseline.json origin/master..HEAD")
    world.save_state("baseline")
    world.restore_state("ready")
    _run_successfully("send", "--via", "b4", "--yes")
    world.save_state("b4")
    world.restore_state("ready")
    topic_life.server.faults.reject = frozenset({"otto@example.com"})
    interrupted_send = call("send --cc otto@example.com --yes")
    assert (interrupted_send.code, "otto@example.com" in interrupted_send.out) == (
        4,
        True,
    ), interrupted_send.err + interrupted_send.out
    topic_life.server.faults.heal()
    world.save_state("cut")
    world.restore_state("ready")
    topic_life.repo.git("config --global patchpilot.lore", topic_life.archive.url)
    world.values["MESSAGE-ID"] = first_message_id = topic_life.send()
    world.values["ARCHIVE"] = topic_life.archive.url
    world.values["URL"] = f"{topic_life.archive.url}/{first_message_id}/"
    topic_life.add_reply(
        first_message_id,
        f"Reviewed-by: {RITA}",
        subject="Re: [PATCH] net: foo: hand up the error of bar()",
    )
    _run_successfully("track", "add", "--mbox", "thread.mbox")
    (world.current_folder / "other.mbox").write_bytes(build_mbox(story.FIX_V1))
    _run_successfully("track", "add", "--mbox", "other.mbox")
    world.save_state("sent")
    topic_life.amend_patch()
    _run_successfully("draft", "--changelog", "- hand it up here as well (Rita)")
    world.save_state("rerolled")
    topic_life.send("--reroll")
    topic_life.update()
    world.save_state("reposted")
    world.restore_state("sent")
    world.values["CLAIM"] = topic_life.add_reply(
        first_message_id, "Applied, thanks.", "Stella Stranger <stella@example.com>"
    )
    world.save_state("claimed")


def fill_placeholders(command: str, values: dict[str, str]) -> str:
    for pattern, value in PLACEHOLDERS:
        command = re.sub(pattern, value, command)
    for name, value in values.items():
        command = re.sub(rf"\b{name}\b", value, command)
    return command


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the long test for every printed command.

    Without long tests, do not collect them: each pytest worker would need two seconds.
    """
    if "command" in metafunc.fixturenames:
        is_excluded = metafunc.config.getoption("markexpr") == "not long"
        commands = () if is_excluded else set(map_printed_commands()) - set(NOT_RUN)
        metafunc.parametrize("command", sorted(commands))


def test_printed_codes_have_reasons() -> None:
    commands = set(map_printed_commands())
    assert set(NOT_RUN) <= commands
    assert len(commands - set(NOT_RUN)) > 130


def test_command_ends_before_the_sentence_continues() -> None:
    text = (
        "`patchpilot undo` takes it back; patchpilot track add '<a, b>', then patchpilot track"
        " update (see patchpilot doctor)"
    )
    assert list(find_quoted_commands(text)) == [
        "patchpilot undo",
        "patchpilot track add '<a, b>'",
        "patchpilot track update",
        "patchpilot doctor",
    ]
    assert list(
        find_quoted_commands("git config a 'patchpilot check -'\nnext; patchpilot knows")
    ) == ["patchpilot check -"]


@pytest.mark.long
def test_printed_command_runs_as_printed(
    command: str, world: SavedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.restore_state(next(name for pattern, name in WORLDS if re.search(pattern, command)))
    _build_environment(world.root, monkeypatch)
    monkeypatch.chdir(world.current_folder)
    arguments = shlex.split(fill_placeholders(command, world.values))[1:]
    stdin = b""
    if arguments[-1].startswith(">"):
        arguments.pop()
    while arguments and (mark := next((word for word in arguments if word in "<>"), None)):
        index = arguments.index(mark)
        stdin = Path(arguments[index + 1]).read_bytes() if mark == "<" else stdin
        del arguments[index : index + 2]
    if arguments[-1] == "-":
        stdin = stdin or Path("fix.patch").read_bytes()
    if arguments[:2] == ["find", "-"]:
        stdin = Path("oops.txt").read_bytes()
    arguments = [os.path.expanduser(word) for word in arguments]
    # these commands ask questions on a terminal
    asks = (
        arguments[0] in ("send", "prepare", "trailers") or arguments[:2] == ["track", "reply"]
    ) and not {
        "--yes",
        "--dry-run",
        "--outbox",
    } & set(arguments)
    if arguments[:2] == ["track", "reply"] and len(arguments) > 2 and "--discard" not in arguments:
        arguments += ["--message", "answer.txt"]
    outcome = call(*arguments, *(("--yes",) if asks else ()), stdin=stdin)
    assert outcome.code in (0, 1), (
        f"{' '.join(arguments)}: exit {outcome.code}\n{outcome.err}{outcome.out}"
    )
    if arguments[0] in ("send", "draft", "track", "trailers", "undo"):
        assert outcome.code == 0, outcome.err + outcome.out


def test_printed_draft_edit_command_works(
    world: SavedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.restore_state("ready")
    _build_environment(world.root, monkeypatch)
    monkeypatch.chdir(world.current_folder)
    editor = world.root / "editor"
    editor.write_text(
        "#!/bin/sh\ntest -t 0 && test -t 1 && sed -i '/^==== note for/a Tested on a board.'"
        ' "$1"\n'
    )
    editor.chmod(0o755)
    monkeypatch.setenv("GIT_EDITOR", str(editor))
    with Terminal((*PROGRAM, "draft", "--edit"), world.current_folder) as terminal:
        terminal.wait_for("Tested on a board.")
        assert terminal.end() == 0, terminal.seen
    assert "Tested on a board." in _run_successfully("draft", "--export", "-").out
