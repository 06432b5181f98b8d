# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `patchpilot find` with a symptom.

It prints a short list of commits, or that no commit matches.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patchpilot import resources
from patchpilot.cli.output.find_text import format_found_fixes
from patchpilot.commits.repository import Repository
from patchpilot.finding.find_fix import find_fixes, find_later_fixes, read_symptom
from patchpilot.finding.report_bug import save_bug_report
from patchpilot.finding.try_commit import CommitTrial
from patchpilot.resources import load_json, state_path
from tests.kit.cli import call
from tests.kit.repos import Repo

FILE = "drivers/net/acme/ring.c"


RING = """\
#include <linux/acme.h>

static int acme_ring_fill(struct ring *ring)
{
\tstruct page *page = ring->page;

\treturn page->id;
}

int
acme_ring_start(struct ring *ring)
{
\tif (acme_ring_fill(ring))
\t\tpr_err("cannot fill the ring of queue %d\\n", ring->id);
\treturn 0;
}
"""


FIXED = RING.replace("\n\treturn page->id", "\n\tif (!page)\n\t\treturn -1;\n\treturn page->id")


STABLE = "stable/linux-6.1.y"


TITLE = "acme: check the page before the first use"


LOG = """\
[  102.5] BUG: kernel NULL pointer dereference, address: 0000000000000020
[  102.5] CPU: 3 PID: 811 Comm: fio Not tainted 6.1.0-13-amd64 #1
[  102.5] RIP: 0010:acme_ring_fill.isra.0+0x2b/0x110 [acme]
[  102.5]  acme_ring_start+0x51/0x90 [acme]
"""


@pytest.fixture
def repo(workdir: Path) -> Repo:
    """Create a repository.

    It has v6.1 with the bug, mainline with the fix and other commits, and a stable branch.
    """
    linux_repo = Repo(workdir / "linux")
    base = {"Makefile": "VERSION = 6\n", "Kbuild": "x\n", "Kconfig": "x\n"}
    linux_repo.commit("Linux 6.1\n", {**base, "MAINTAINERS": "x\n", FILE: RING})
    linux_repo.tag("v6.1")
    for number in range(12):
        linux_repo.commit(
            f"net: core: change {number}\n\nThe queue has a new limit.\n",
            {f"net/core{number}.c": "int x;\n"},
        )
    linux_repo.commit(f"{TITLE}\n\nThe page may be NULL.\n", {FILE: FIXED})
    linux_repo.commit("acme: add a comment\n\nNo change.\n", {"drivers/net/acme/main.c": "x\n"})
    linux_repo.git("commit -q --allow-empty --allow-empty-message -m ''")
    linux_repo.tag("v6.2")
    linux_repo.git("update-ref refs/remotes/origin/master HEAD")
    linux_repo.git("checkout -q --detach v6.1")
    linux_repo.commit("Linux 6.1.1\n", {"Makefile": "VERSION = 6.1\n"})
    linux_repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    return linux_repo


def find_and_read_json(
    repo: Repo, *arguments: str, stdin: str = "", exit_code: int = 0
) -> dict[str, Any]:
    result = repo.patchpilot("find", *arguments, "--json", stdin=stdin.encode())
    assert result.code == exit_code, result.err
    document: dict[str, Any] = json.loads(result.out)
    return document


def test_oops_finds_the_fixing_commit(repo: Repo) -> None:
    answer = find_and_read_json(repo, "-", stdin=LOG)
    first = answer["candidates"][0]
    assert (answer["tree"], answer["searched"]) == ("v6.1", 15)
    assert (first["subject"], first["release"]) == (TITLE, "v6.2")
    assert "changes acme_ring_fill()" in first["matches"]
    assert {branch["branch"]: branch["verdict"] for branch in first["branches"]} == {
        "v6.1": "clean",
        STABLE: "clean",
    }


def test_file_is_relative_to_the_current_directory(
    repo: Repo, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workdir / "log.txt").write_text(LOG)
    monkeypatch.chdir(repo.path / "drivers/net")
    for name in ("../../../log.txt", "acme/ring.c", FILE, "../../" + FILE):
        document = call("find", name, "--in", "v6.1", "--json").json
        assert document["candidates"][0]["subject"] == TITLE
    assert call("find ../../../log.txt --in 6.1 --json").json["tree"] == STABLE
    assert call("find --bisect ../../../log.txt").code == 0
    for name in ("log.txt", "../none.txt", "net/none.c", "../../../none"):
        call("find", name, "--in", "v6.1").expect(2, f"no file '{name}'")


def test_tree_without_history_is_searched_by_its_release_and_content(
    repo: Repo, workdir: Path
) -> None:
    tree = workdir / "tree"
    tree.mkdir()
    repo.patchpilot("find", FILE, "--in", tree).expect(2, "no version in its Makefile")
    (tree / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n")
    (tree / FILE).parent.mkdir(parents=True)
    (tree / FILE).write_text(repo.git(f"show v6.2:{FILE}") + "\n")
    answer = repo.patchpilot("find - --in", tree, "--json", stdin=LOG.encode()).json
    assert answer["tree"] == "v6.1"
    assert answer["candidates"][0]["branches"][0] == {
        "branch": str(tree),
        "verdict": "already-fixed",
        "reason": "already applied: the tree has the result of every hunk; no git history, judged"
        " by content only",
    }
    assert "has no history: its release 6.1 was searched" in " ".join(answer["notes"])


def test_report_starts_with_the_error(repo: Repo) -> None:
    boot, error = "[ 0.0] Linux version 6.1.1 (gcc)", "brcm 0000:00:19.0: bad state 7"
    log = "\n".join([*[boot] * 90, f"[ 9.1] {error}"])
    with Repository.open(repo.path) as repository:
        fixes = find_fixes(repository, read_symptom(repository, log), tree="v6.1")
        content = save_bug_report(repository, fixes, log).read_text()
    assert f"Subject: {error}\n" in content
    assert f"I get this:\n\n  [    9.1] {error}\n" in content


def test_report_names_the_maintainers_and_the_versions(repo: Repo) -> None:
    repo.git("checkout -q --detach origin/master")
    section = f"ACME DRIVER\nM:\tMa In <ma@example.org>\nL:\tacme@example.org\nF:\t{FILE}\n"
    repo.commit("maintain acme\n", {"MAINTAINERS": f"Maintainers List\n\n{section}"})
    with Repository.open(repo.path) as repository:
        fixes = find_fixes(repository, read_symptom(repository, LOG))
        content = save_bug_report(repository, fixes, LOG).read_text()
    message = "BUG: kernel NULL pointer dereference, address: 0000000000000020"
    assert f"Subject: acme: {message} in acme_ring_fill()\n"[:109] in content
    headers = content.partition("\n\n")[0]
    assert "To: Ma In <ma@example.org>" in headers
    assert "acme@example.org" in headers
    assert "linux-kernel@vger.kernel.org" in headers
    assert "It happens with 6.1.0-13-amd64, based on v6.1.\n" in content


def test_bug_of_mainline_is_reported(repo: Repo) -> None:
    arguments = ("find", "-C", repo.path, "-", "--in", "origin/master")
    refused = call(*arguments, stdin=LOG.encode())
    refused.expect(2, "has all commits of origin/master")
    assert "--report reports a bug of mainline" in refused.err
    reported = call(*arguments, "--report", stdin=LOG.encode())
    assert reported.code == 1
    assert "has all commits of mainline" in reported.out
    # the path is the last line
    report = Path(reported.err.splitlines()[-1].removeprefix("wrote "))
    assert "until no FILL IN is left" in reported.err
    assert f"`git send-email {report}` sends it; press Enter when git asks" in reported.err
    # this tree has no MAINTAINERS
    assert "FILL IN: the maintainers of the code" in report.read_text()
    assert "I looked for a fix: there is no later commit than" in report.read_text()


def test_no_match_exits_with_1(repo: Repo) -> None:
    log = "[ 1.0] WARNING: CPU: 0 at brcm_queue_stop+0x1/0x2 [brcm]\n brcm_reset+0x4/0x8 [brcm]"
    answer = find_and_read_json(repo, "-", "--in", "v6.1", stdin=log, exit_code=1)
    assert not answer["fits"]
    outcome = repo.patchpilot("find - --in v6.1", stdin=log.encode())
    assert outcome.out.startswith("probably none of these commits is the fix; the first one is in ")
    assert "search by builds: dmesg | patchpilot find --bisect - --in v6.1" in outcome.out
    outcome = repo.patchpilot("find acme_ring_start --in v6.1")
    assert outcome.out.startswith("no commit changes acme_ring_start, of 15 commits")
    assert "report the bug" in outcome.out


@pytest.mark.parametrize(
    "log",
    [
        "mpt2sas0: _ctl_do_mpt_command: timeout",
        "r8169 0000:02:00.0 eth0: transmit queue 0 timed out",
        "BUG: kernel NULL pointer dereference, address: 0000000000000020\n"
        "RIP: 0010:brcm_fill+0x2b/0x110 [brcm]\n do_syscall_64+0x1/0x2",
        "the new limit of the card is wrong",
    ],
)
def test_commit_with_only_words_in_common_is_not_proposed(repo: Repo, log: str) -> None:
    repo.git("checkout -q --detach origin/master")
    message = (
        "acme: read the new limit of the card before the timeout\n\nWithout it, a command of the"
        " transmit queue\nhas timed out:\n\n  BUG: kernel NULL pointer dereference, address: 20\n"
        "  do_syscall_64+0x1/0x2\n"
    )
    repo.commit(message, {"drivers/net/acme/card.c": "int card;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    answer = find_and_read_json(repo, "-", "--in", "v6.1", stdin=log, exit_code=1)
    assert answer["candidates"][0]["subject"].startswith("acme: read the new limit")
    assert (answer["fits"], answer["likely"]) == (False, False)
    text = call("find", "-C", repo.path, "-", "--in", "v6.1", stdin=log.encode()).out
    assert text.startswith("probably none of these commits is the fix; ")
    assert "--try" not in text


@pytest.mark.parametrize(
    ("log", "match"),
    [
        ("r8169 0000:02:00.0 eth0: link is not ready", "changes drivers/net/r8169-main.c"),
        ("acpi-pad 0000:02:00.0: bad state", "names acpi-pad"),
        ("cannot read the calibration of port 7", "names 'cannot read the calibration of port 7'"),
        ("cannot fill the ring of queue 7", "changes drivers/net/acme/ring.c"),
    ],
)
def test_match_states_what_the_commit_has_in_common(repo: Repo, log: str, match: str) -> None:
    repo.git("checkout -q --detach origin/master")
    message = (
        "net: wait for the link\n\nThe acpi_pad device was not ready, its state bad:\n\n"
        "  cannot read the\n  calibration of port 2\n"
    )
    repo.commit(message, {"drivers/net/r8169-main.c": "int r;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    answer = find_and_read_json(
        repo, "-", "--in", "v6.1", stdin=log, exit_code=int("ring" in match)
    )
    assert match in [text for fix in answer["candidates"] for text in fix["matches"]]


def test_company_in_an_address_is_no_driver(repo: Repo) -> None:
    log = "wifi5 0000:02:00.0: the link is not ready"
    repo.git("checkout -q --detach origin/master")
    for address in ("jo@wifi5.example.com", "jo@example.com"):
        message = f"net: wait for the link\n\nIt was not ready.\n\nAcked-by: Jo <{address}>\n"
        repo.commit(message, {"drivers/net/link.c": f"// {address}\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    answer = find_and_read_json(repo, "-", "--in", "v6.1", stdin=log, exit_code=1)
    assert "names wifi5" not in [text for fix in answer["candidates"] for text in fix["matches"]]


@pytest.mark.parametrize(
    ("probability", "outlook"),
    [
        (0.93, "the first commit is likely the fix; it is in 93% of such searches"),
        (0.78, "the first commit is probably the fix; it is in 78% of such searches"),
        (0.42, "the first commit may be the fix; it is in 42% of such searches"),
        (
            0.02,
            "probably none of these commits is the fix; the first one is in 2% of such searches",
        ),
    ],
)
def test_heading_states_how_likely_the_first_commit_is_the_fix(
    repo: Repo, probability: float, outlook: str
) -> None:
    with Repository.open(repo.path) as repository:
        fixes = find_fixes(repository, read_symptom(repository, LOG))
    first, *others = fixes.candidates
    candidates = (replace(first, probability=probability), *others)
    for fits in (True, False):
        found = replace(fixes, candidates=candidates, fits=fits)
        assert format_found_fixes(found, "-").startswith(f"{outlook}\n")
    tried = replace(candidates[0], trials=(CommitTrial("no", "v6.1"),))
    text = format_found_fixes(replace(fixes, candidates=(*others, tried)), "-")
    assert text.startswith(f"{tried.commit[:12]} is not the fix, as you tried; ")
    tried = replace(others[0], trials=(CommitTrial("yes", "v6.1"),))
    text = format_found_fixes(replace(fixes, candidates=(candidates[0], tried)), "-")
    assert text.startswith(f"{tried.commit[:12]} fixes it, as you tried\n")


def test_refuted_commit_is_last_and_its_share_goes_to_the_others(repo: Repo) -> None:
    before = find_and_read_json(repo, "-", stdin=LOG)["candidates"]
    refuted, *others = before
    call(
        "find", "-C", repo.path, "-", "--try", refuted["commit"], "--in", "v6.1", "--works", "no",
        stdin=LOG.encode(),
    ).expect(0)  # fmt: skip
    after = find_and_read_json(repo, "-", stdin=LOG)
    assert [fix["commit"] for fix in after["candidates"]] == [
        *(fix["commit"] for fix in others),
        refuted["commit"],
    ]
    *left, last = after["candidates"]
    assert (last["works"], last["probability"]) == ("no", 0.0)
    for old, new in zip(others, left, strict=True):
        share = old["probability"] / (1 - refuted["probability"])
        assert new["probability"] == pytest.approx(share, abs=0.002)
    text = call("find", "-C", repo.path, "-", stdin=LOG.encode()).out
    assert text.startswith(f"{refuted['commit'][:12]} is not the fix, as you tried; ")
    assert f"\n       {refuted['commit'][:12]} (" in text
    assert "the bug is still there" in text


def test_commit_whose_bug_the_tree_lacks_cannot_be_its_fix(repo: Repo) -> None:
    culprit = repo.git("log --format=%H --grep 'core: change 3' origin/master")
    repo.git("checkout -q --detach origin/master")
    repo.commit(
        f"acme: reset the page in the fill\n\n{LOG}\n"
        f'Fixes: {culprit[:12]} ("net: core: change 3")\n',
        {FILE: FIXED.replace("return -1", "return -2")},
    )
    repo.git("update-ref refs/remotes/origin/master HEAD")
    answer = find_and_read_json(repo, "-", stdin=LOG)
    last = answer["candidates"][-1]
    assert last["subject"] == "acme: reset the page in the fill"
    assert (last["branches"][0]["verdict"], last["probability"]) == ("not-affected", 0.0)
    assert answer["candidates"][0]["subject"] == TITLE


def test_written_report_is_not_proposed_again(repo: Repo) -> None:
    log = "[ 1.0] WARNING: CPU: 0 at brcm_queue_stop+0x1/0x2 [brcm]\n"
    for versions in (("--in", "v6.1"), ("--good", "v6.1", "--bad", "v6.2")):
        arguments = ("find", "-C", repo.path, "-", *versions)
        assert "--report" in call(*arguments, stdin=log.encode()).out
        reported = call(*arguments, "--report", stdin=log.encode())
        assert "--report" not in reported.out
        assert reported.out
        assert Path(reported.err.splitlines()[-1].removeprefix("wrote ")).is_file()


def test_report_of_another_project_names_its_list(repo: Repo) -> None:
    folder = Path(resources.user_dir("data")) / "projects"
    folder.mkdir(parents=True)
    (folder / "linux.toml").write_text(
        '[lists]\nmain = ["all@lists.example.org"]\nregressions = "old@lists.example.org"\n'
    )
    with Repository.open(repo.path) as repository:
        fixes = find_fixes(repository, read_symptom(repository, LOG))
        content = save_bug_report(repository, fixes, LOG, good="v6.0", bad="v6.1").read_text()
    assert "\nCc: old@lists.example.org, all@lists.example.org\n" in content


def test_candidates_have_a_next_command(repo: Repo) -> None:
    outcome = repo.patchpilot("find -", stdin=LOG.encode())
    assert "of such searches\n  searched       15 commits since v6.1\n" in outcome.out
    # no candidate is likely enough to propose a backport
    assert "search by builds: dmesg | patchpilot find --bisect - --in v6.1" in outcome.out
    first = outcome.out.split("\n\n")[1].split()[1]
    trial = f"patchpilot find --try {first} --in v6.1"
    assert (
        f"if the first one fits, build it and try whether the bug is gone: {trial}" in outcome.out
    )
    # the answer is about the log for which it was shown
    repo.patchpilot("find --try", first, "--in", "v6.1", "--works", "yes")
    again = repo.patchpilot("find -", stdin=LOG.encode()).out
    assert again.startswith(f"{first} fixes it, as you tried")
    repo.git("checkout -q -B topic v6.1")
    repo.commit(f"{TITLE}\n\nThe page may be NULL:\n\n{LOG}", {FILE: FIXED})
    repo.git("tag -f v6.2")
    repo.git("update-ref refs/remotes/origin/master HEAD")
    outcome = repo.patchpilot("find -", stdin=LOG.encode())
    assert TITLE in outcome.out
    assert "first in v6.2; changes acme_ring_fill()" in outcome.out
    assert "clean: v6.1, stable/linux-6.1.y" in outcome.out
    fix = repo.git("rev-parse HEAD")[:12]
    assert f"try whether the bug is gone: patchpilot find --try {fix} --in v6.1" in outcome.out
    assert "--request" not in outcome.out
    assert outcome.out.startswith("the first commit is likely the fix; it is in ")
    assert "searched       1 commit since v6.1\n" in outcome.out


@pytest.mark.parametrize(
    ("words", "stdin", "error"),
    [
        (("-", "--in", "v6.1"), "\n", "no function, message or module"),
        (("acme_ring_fill", "--in", "origin/master"), "", "nothing to search"),
        (("acme_ring_fill", "--in", "v9"), "", "no commit 'v9'"),
    ],
)
def test_unsearchable_symptom_is_an_error(
    repo: Repo, words: tuple[str, ...], stdin: str, error: str
) -> None:
    outcome = repo.patchpilot("find", *words, stdin=stdin.encode())
    assert outcome.code
    assert error in outcome.err


def test_bisection_result_finds_an_untagged_fix(repo: Repo) -> None:
    added = "\nint acme_ring_stop(int level)\n{\n\twait(level);\n\treturn level / 0;\n}\n"
    culprit = repo.commit("acme: stop the ring\n", {FILE: RING + added})
    repo.commit("acme: divide\n", {FILE: RING + added.replace("/ 0", "/ 1")})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    with Repository.open(repo.path) as repository:
        (fix,) = find_later_fixes(repository, culprit).candidates
        log = f"{culprit} is the first bad commit\ncommit {culprit}\n"
        assert find_later_fixes(repository, log).candidates == (fix,)
    assert fix.subject == "acme: divide"
    assert fix.matches == (f"changes lines of {culprit[:12]}",)


@pytest.mark.parametrize("form", ["log", "crlf", "end"])
def test_output_of_git_bisect_is_read_as_such(repo: Repo, workdir: Path, form: str) -> None:
    added = "\nint acme_ring_stop(int level)\n{\n\twait(level);\n\treturn level / 0;\n}\n"
    culprit = repo.commit("acme: stop the ring\n", {FILE: RING + added})
    fix = repo.commit(
        f'acme: divide\n\nFixes: {culprit[:12]} ("acme: stop the ring")\n',
        {FILE: RING + added.replace("/ 0", "/ 1")},
    )
    repo.git("update-ref refs/remotes/origin/master HEAD")
    log = (
        f"git bisect start\n# bad: [{culprit}] acme: stop the ring\ngit bisect bad {culprit}\n"
        f"# good: [{culprit}^] x\n# first bad commit: [{culprit}] acme: stop the ring\n"
    )
    if form == "crlf":
        log = log.replace("\n", "\r\n")
    elif form == "end":
        log = f"{culprit} is the first bad commit\ncommit {culprit}\n"
    file = workdir / "bl.txt"
    file.write_bytes(log.encode())
    for arguments in ((), ("--in", STABLE), ("--report",)):
        answer = find_and_read_json(repo, str(file), *arguments)
        assert [row["commit"] for row in answer["candidates"]] == [fix]
    first = find_and_read_json(repo, str(file), "--in", STABLE)["candidates"][0]["branches"][0]
    assert first["branch"] == STABLE
    text = call("find", "-C", repo.path, file).out
    assert "100%" in text
    assert "--bisect" not in text


def test_fix_of_a_bisection_is_tried_on_the_bad_release(repo: Repo, workdir: Path) -> None:
    repo.git("checkout -q --detach origin/master")
    culprit = repo.git("rev-parse v6.2~2")
    repo.commit("Linux 6.3\n", {"Makefile": "VERSION = 6.3\n"})
    repo.tag("v6.3")
    bad, good = (repo.git(f"rev-parse {name}^{{commit}}") for name in ("v6.3", "v6.1"))
    fix = repo.commit(f'acme: again\n\nFixes: {culprit[:12]} ("{TITLE}")\n', {FILE: RING})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    log = (
        f"# bad: [{bad}] Linux 6.3\n# good: [{good}] Linux 6.1\ngit bisect start 'v6.3' 'v6.1'\n"
        f"# bad: [{culprit}] x\ngit bisect bad {culprit}\n# first bad commit: [{culprit}] x\n"
    )
    file = workdir / "bisect.txt"
    file.write_text(log)
    other = workdir / "other.txt"
    other.write_text(log.replace(culprit, repo.git("rev-parse v6.2~1")))
    answer = repo.patchpilot("find", str(file), "--json").json
    assert answer["candidates"][0]["branches"][0]["branch"] == "v6.3"
    tried = ("--try", fix[:12], "--in", "v6.3")
    assert f"patchpilot find {' '.join(tried)}" in repo.patchpilot("find", str(file)).out
    repo.patchpilot("find", str(other), *tried, "--works", "no")
    assert "fixes it" not in repo.patchpilot("find", str(file)).out
    # it was proposed for this log, which must not be named again
    outcome = repo.patchpilot("find", *tried, "--works", "yes")
    # it has no stable branch, for which it could be requested
    assert f"next: patchpilot backport {fix[:12]} --tested 6.3\n" in outcome.out
    assert repo.patchpilot("find", str(file)).out.startswith(f"{fix[:12]} fixes it, as you tried")
    repo.patchpilot("find", str(file), *tried, "--works", "no")
    assert repo.patchpilot("find", str(file)).out.startswith(
        f"{fix[:12]} is not the fix, as you tried"
    )


def test_fix_that_was_tried_on_a_commit_is_not_requested_for_it(repo: Repo) -> None:
    fix, base = repo.git("rev-parse v6.2~1"), repo.git("rev-parse v6.2~2")
    printed = repo.patchpilot("find --try", fix, "--in", base, "--works", "yes").out
    assert f"next: patchpilot backport {fix[:12]}\n" in printed


def test_unfinished_bisection_is_an_error(repo: Repo) -> None:
    log = "git bisect start\ngit bisect bad v6.2\ngit bisect good v6.1\n"
    log = log.replace("v6.2", "a" * 40)
    outcome = call("find", "-C", repo.path, "-", stdin=log.encode())
    outcome.expect(2, "the bisection is not finished")


def run_bisection_step(repo: Repo, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    return find_and_read_json(repo, "--bisect", *arguments, exit_code=exit_code)


def make_build_answer(repo: Repo, commit: str, fix_commit: str) -> str:
    """Return the answer of a user who has built a commit."""
    return "good" if fix_commit in repo.git("rev-list", commit).split() else "bad"


@pytest.mark.parametrize("title", [TITLE, "net: core: change 7", "Merge branch 'usb'"])
def test_bisection_finds_the_backport(repo: Repo, title: str) -> None:
    repo.git("checkout -q -b usb v6.2~8")
    for number in range(6):
        repo.commit(f"usb: change {number}\n", {f"drivers/usb/u{number}.c": "int x;\n"})
    repo.git("checkout -q --detach origin/master")
    repo.git("merge -q --no-ff usb -m 'Merge branch '\"'\"'usb'\"'\"''")
    repo.git("update-ref refs/remotes/origin/master HEAD")
    log = dict(line.split("\t") for line in repo.git("log --format=%s%x09%H").splitlines())
    answer = run_bisection_step(repo, "acme_ring_fill", "--in", "v6.1")
    builds = 0
    while answer["next"]:
        # after booting another kernel, the stored state is still the same
        assert run_bisection_step(repo)["next"] == answer["next"]
        answer = run_bisection_step(repo, make_build_answer(repo, answer["next"], log[title]))
        builds += 1
    assert answer["found"]["commit"] == log[title]
    assert answer["built"] == builds <= (3 if title == TITLE else 7)
    outcome = repo.patchpilot("find --bisect")
    if title == TITLE:
        assert f"patchpilot find --try {log[title][:12]} --in v6.1" in outcome.out
    assert "fixed  " in outcome.out
    assert repo.patchpilot("find --bisect good").code
    # after a finished bisection, a new one can start
    assert not run_bisection_step(repo, "acme_ring_start", "--in", "v6.1")["answers"]


def test_unfixed_bug_is_not_called_fixed(repo: Repo) -> None:
    answer = run_bisection_step(repo, "acme_ring_fill", "--in", "v6.1")
    tip = repo.git("rev-parse origin/master")
    while answer["next"] and answer["next"] != tip:
        answer = run_bisection_step(repo, "bad")
    assert answer["next"] == tip
    answer = run_bisection_step(repo, "bad", exit_code=1)
    assert (answer["next"], answer["found"], answer["left"]) == (None, None, 0)
    outcome = repo.patchpilot("find --bisect")
    assert "origin/master has the bug as well" in outcome.out
    assert "next: report the bug: patchpilot find LOG --in origin/master --report" in outcome.out


def test_commit_that_was_tried_is_no_candidate_of_a_bisection(repo: Repo) -> None:
    fix = repo.git("log -1 --format=%H --grep", TITLE, "origin/master").strip()
    for is_tried in (False, True):
        if is_tried:
            find_and_read_json(repo, "-", "--in", "v6.1", stdin=LOG)
            assert repo.patchpilot(f"find --try {fix} --in v6.1 --works no").code == 0
        find_and_read_json(repo, "--bisect", "-", "--in", "v6.1", stdin=LOG)
        (state,) = load_json(state_path() / "bisections.json").values()
        assert (fix in state["likely"]) is not is_tried


def test_skipped_builds_leave_several_commits(repo: Repo) -> None:
    repo.patchpilot("find --bisect acme_ring_fill --in v6.1")
    for _ in range(15):
        outcome = repo.patchpilot("find --bisect skip")
    assert outcome.code == 1
    left = "15 commits left, one of which is the fix if origin/master is fixed"
    assert f"{left}; the builds that are left were skipped" in outcome.out


def test_bisection_can_be_resumed(repo: Repo) -> None:
    assert "no bisection was started" in repo.patchpilot("find --bisect").err
    run_bisection_step(repo, "acme_ring_fill", "--in", "v6.1")
    run_bisection_step(repo, "acme_ring_start", "--in", "v6.1")
    output = repo.patchpilot("find --bisect bad").out
    assert "patchpilot find --bisect good  # the bug is gone" in output
    restarted = repo.patchpilot("find --bisect acme_ring_fill --in v6.1")
    assert "has answers already" in restarted.err
    assert "--bisect reset" in restarted.err
    output = repo.patchpilot("find --bisect").out
    assert "answers so far:\n  bad " in output
    assert "--bisect undo" in output
    assert run_bisection_step(repo, "undo")["answers"] == []
    assert not repo.patchpilot("find --bisect reset").code
    run_bisection_step(repo, "acme_ring_fill", "--in", "v6.1")


def test_log_names_the_kernel_and_the_messages(repo: Repo) -> None:
    message = "acme 0000:03:00.0: cannot fill the ring of queue 3"
    log = f"{LOG}[  102.6] {message}\n"
    document = find_and_read_json(repo, "-", stdin=log)
    assert document["version"] == {
        "named": "6.1.0-13-amd64",
        "release": "6.1",
        "source": "6.1.0-13-amd64",
    }
    assert message in document["messages"]
    text = repo.patchpilot("find -", stdin=log.encode()).out
    assert "the log names  6.1.0-13-amd64, based on v6.1\n" in text


def test_rewording_of_a_message_is_no_fix(repo: Repo) -> None:
    repo.git("checkout -q --detach origin/master")
    title = "acme: failed to fill the ring of queue"
    reworded = FIXED.replace("cannot fill", "failed to fill")
    repo.commit(f"{title}\n\ncannot fill the ring of queue 3\n", {FILE: reworded})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    symptom = "acme: cannot fill the ring of queue 3"
    document = repo.patchpilot("find", symptom, "--in", "v6.1", "--json").out
    answer = json.loads(document)
    assert title not in [fix["subject"] for fix in answer["candidates"]]


def test_commit_that_claims_no_fix_is_probably_not_the_fix(repo: Repo) -> None:
    repo.git("checkout -q --detach v6.1")
    tidy = FIXED.replace("int acme_ring_fill", "/* full */\nint acme_ring_fill")
    repo.commit("acme: use the helper for the ring\n\nIt is easier to read.\n", {FILE: tidy})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.git("tag -d v6.2")
    answer = find_and_read_json(repo, "-", "--in", "v6.1", stdin=LOG, exit_code=0)
    assert answer["candidates"][0]["subject"] == "acme: use the helper for the ring"
    text = repo.patchpilot("find - --in v6.1", stdin=LOG.encode()).out
    assert text.startswith("probably none of these commits is the fix; the first one is in ")
    assert "\n       already in: " not in text


def test_branch_that_has_a_candidate_is_not_called_fixed(repo: Repo) -> None:
    repo.git("checkout -q --detach stable/linux-6.1.y")
    fix = repo.git("log -1 --format=%H --grep", TITLE, "origin/master").strip()
    repo.git("cherry-pick -x", fix)
    repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    text = repo.patchpilot("find - --in v6.1", stdin=LOG.encode()).out
    assert f"\n       already in: {STABLE}\n" in text
    assert "already-fixed" not in text


def test_unlikely_candidate_is_not_proposed(repo: Repo) -> None:
    symptom = "net: the queue of the ring is over its limit"
    with Repository.open(repo.path) as repository:
        fixes = find_fixes(repository, read_symptom(repository, symptom), tree="v6.1")
    assert fixes.candidates[0].probability < 0.5
    assert fixes.proposed is None
    text = repo.patchpilot("find", symptom, "--in", "v6.1").out
    assert "backport" not in text
    assert "search by builds: patchpilot find --bisect" in text


def test_missing_file_is_named_before_the_version(repo: Repo) -> None:
    for words in ((), ("--report",), ("--in", "v6.1")):
        repo.git("checkout -q --detach origin/master")
        result = repo.patchpilot("find nosuchfile.txt", *words)
        result.expect(2, "no file 'nosuchfile.txt' here or in ")


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("6.1.1", "6.1.1"),
        ("6.1.9", "6.1.9"),
        ("6.1.0", "6.1.0"),
        ("6.1.9-200.fc37.x86_64", "6.1.9-200.fc37.x86_64, based on v6.1.9"),
    ],
)
def test_report_names_the_kernel_of_the_log(repo: Repo, named: str, words: str) -> None:
    log = LOG.replace("6.1.0-13-amd64", named)
    result = repo.patchpilot("find - --report", stdin=log.encode())
    report = Path(result.err.splitlines()[-1].removeprefix("wrote ")).read_text()
    assert f"with {named} I get this:" in report
    assert f"It happens with {words}.\n" in report


@pytest.mark.parametrize("size", range(1, 140, 23))
def test_subject_of_a_report_has_whole_words_and_the_function(repo: Repo, size: int) -> None:
    message = (
        "BUG: unable to handle page fault " + "of a device " * (size // 12) + "x" * (size % 12)
    )
    log = LOG.replace("BUG: kernel NULL pointer dereference, address: 0000000000000020", message)
    with Repository.open(repo.path) as repository:
        fixes = find_fixes(repository, read_symptom(repository, log), tree="v6.1")
        content = save_bug_report(repository, fixes, log).read_text()
    subject = content.splitlines()[0].removeprefix("Subject: ")
    assert len(subject) <= 100
    assert subject.endswith(" in acme_ring_fill()")
    words = subject.removeprefix("acme: ").removesuffix(" in acme_ring_fill()").split()
    assert words == message.split()[: len(words)]


def test_next_commands_read_the_piped_log_again(repo: Repo) -> None:
    log = "[ 1.0] WARNING: CPU: 0 at brcm_queue_stop+0x1/0x2 [brcm]\n"
    for versions in (("--in", "v6.1"), ("--good", "v6.1", "--bad", "v6.2")):
        printed = repo.patchpilot("find -", *versions, stdin=log.encode()).out
        assert "dmesg | patchpilot find - " in printed
        assert "patchpilot find" not in printed.replace("dmesg | patchpilot find", "")
        assert "save it to a file and name it instead of -" in printed


@pytest.mark.parametrize("kernel", ["6.2.0-13-amd64", ""])
def test_report_of_a_mainline_bug_needs_no_version(repo: Repo, kernel: str) -> None:
    repo.git("checkout -q --detach origin/master")
    log = LOG.replace(" Not tainted 6.1.0-13-amd64 #1", kernel and f" Not tainted {kernel} #1")
    outcome = repo.patchpilot("find - --report", stdin=log.encode())
    assert "has all commits of mainline" in outcome.out
    assert "next:" not in outcome.out
    text = Path(outcome.err.splitlines()[-1].removeprefix("wrote ")).read_text()
    version = kernel or "FILL IN (the version; v6.2 was searched)"
    assert f"with {version} I get this:" in text
    assert "HEAD" not in text


def test_bisection_to_the_latest_commit_can_be_reported(repo: Repo) -> None:
    tip = repo.git("rev-parse origin/master")
    log = f"git bisect start\n# first bad commit: [{tip}] acme: x\n"
    output = repo.patchpilot("find -", stdin=log.encode()).out
    assert "next: report the bug: " in output
    assert "VERSION" not in output


@pytest.mark.parametrize("is_log", [True, False])
def test_report_of_a_bisection_is_filled_in(repo: Repo, is_log: bool) -> None:
    repo.git("checkout -q --detach origin/master")
    section = f"ACME DRIVER\nM:\tMa In <ma@example.org>\nF:\t{FILE}\n"
    repo.commit("maintain acme\n", {"MAINTAINERS": f"Maintainers List\n\n{section}"})
    good, culprit, bad = (
        repo.git(f"rev-parse {name}^{{commit}}") for name in ("v6.1", "v6.2~2", "v6.2")
    )
    text = culprit
    if is_log:
        text = (
            f"git bisect start\n# bad: x\ngit bisect bad {bad}\n# good: [{good}] Linux 6.1\n"
            f"git bisect good {good}\n# first bad commit: [{culprit}] {TITLE}\n"
        )
    with Repository.open(repo.path) as repository:
        content = save_bug_report(repository, find_later_fixes(repository, text), text).read_text()
    headers, _, body = content.partition("\n\n")
    assert (
        f"Subject: [REGRESSION] since {culprit[:12]}: {TITLE}\nTo: Ma In <ma@example.org>\n"
        in headers
    )
    author = repo.git("log -1 --format=%ae", culprit)
    assert all(name in headers for name in ("regressions@lists.linux.dev", author))
    assert f"\n\n#regzbot introduced: {culprit[:12]}\n" in body
    assert f'  The first bad commit, by bisection, is {culprit[:12]} ("{TITLE}")' in body
    assert "Which version was" not in body
    if is_log:
        assert "with v6.2 I get this:\n\n  FILL IN: the error" in body
        assert "  It works with v6.1.\n" in body
        assert f"  git bisect good {good}\n" in body
