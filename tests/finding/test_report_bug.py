# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the report of a bug: what of the log is in it, who receives it, and that it is kept."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.finding.find_fix import find_fixes, read_symptom
from patchpilot.finding.named_fixes import NEAREST, list_named_fixes
from patchpilot.finding.report_bug import save_bug_report
from patchpilot.resources import mark_sent
from tests.finding.test_find_fix import FILE, LOG, repo
from tests.kit.cli import call
from tests.kit.repos import Repo

__all__ = ["repo"]
LINES = (
    ("kernel", "", "BUG: kernel NULL pointer dereference, address: 0000000000000020"),
    ("sudo", "[711]", "robin : TTY=pts/0 ; COMMAND=/usr/bin/mysql -psecret"),
    ("kernel", "", "RIP: 0010:acme_ring_fill.isra.0+0x2b/0x110 [acme]"),
    ("sshd", "[99]", "Accepted password for robin from 192.0.2.7"),
    ("kernel", "", " acme_ring_start+0x51/0x90 [acme]"),
    ("kernel", "", "---[ end trace 0000000000000000 ]---"),
    ("kernel", "", "wlan0: associated"),
)
KASAN = """\
[  102.500000] BUG: KASAN: slab-out-of-bounds in acme_ring_fill+0x2b/0x110 [acme]
[  102.500001] Write of size 4 at addr ffff888012345678 by task fio/811
"""
SECTION = f"""\
Maintainers List

ACME DRIVER
M:\tMa In <ma@example.org>
L:\tacme@example.org
F:\t{FILE}
"""


def report(repo: Repo, log: str, security: bool | None = None) -> Path:
    with Repository.open(repo.path) as repository:
        fixes = find_fixes(repository, read_symptom(repository, log), tree="v6.1")
        return save_bug_report(repository, fixes, log, security=security)


def write_log(form: str) -> str:
    rows = [(f"102.50000{i}", *row) for i, row in enumerate(LINES)]
    if form == "journal":
        return "".join(f"Nov 28 10:00:00 box {name}{pid}: {text}\n" for _, name, pid, text in rows)
    if form == "export":
        return "".join(
            f"__CURSOR=s={i}\nMESSAGE={text}\nSYSLOG_IDENTIFIER={name}\n"
            f"_TRANSPORT={'kernel' if name == 'kernel' else 'syslog'}\n\n"
            for i, (_, name, _, text) in enumerate(rows)
        )
    records = [
        {"MESSAGE": text, "_TRANSPORT": "kernel" if name == "kernel" else "syslog"}
        for _, name, _, text in rows
    ]
    if form == "array":
        return json.dumps(records)
    indent = 1 if form == "pretty" else None
    return "".join(f"{json.dumps(record, indent=indent)}\n" for record in records)


@pytest.mark.parametrize("form", ["journal", "export", "json", "pretty", "array"])
def test_report_has_the_lines_of_the_kernel_only(repo: Repo, form: str) -> None:
    content = report(repo, write_log(form)).read_text()
    quoted = content.partition("I get this:\n\n")[2].partition("\n\nWhat I did")[0]
    assert quoted == "\n".join(f"  {text}" for name, _, text in LINES[:-1] if name == "kernel")
    for private in ("secret", "192.0.2.7", "MESSAGE", "box"):
        assert private not in content


def test_trace_is_quoted_as_dmesg_prints_it(repo: Repo) -> None:
    rows = ["[ cut here ]".center(37, "-"), *(text for name, _, text in LINES if name == "kernel")]
    log = "".join(f"<4>[  102.50000{i}][ T811] {row}\n" for i, row in enumerate(rows))
    content = report(repo, f"[    1.0] usb 1-1: new device\n{log}").read_text()
    assert f"I get this:\n\n  [  102.500000] {rows[0]}\n  [  102.500001] BUG: " in content
    assert "usb 1-1" not in content
    assert "wlan0" not in content


def test_long_trace_states_what_is_left_out(repo: Repo) -> None:
    frames = "".join(f"[  102.6] acme_step_{i}+0x1/0x2 [acme]\n" for i in range(300))
    assert "\n  (104 more lines)\n" in report(repo, LOG + frames).read_text()


def test_hardware_of_the_log_is_in_the_report(repo: Repo) -> None:
    assert "distribution:\n  FILL IN: both; attach" in report(repo, LOG).read_text()
    name = "Dell Inc. Inspiron 3505/0RV9WY, BIOS 1.11.0 08/02/2023"
    text = report(repo, f"{LOG}[  102.500009] Hardware name: {name}\n").read_text()
    assert f"distribution:\n  {name}\n  FILL IN: the distribution; attach" in text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Tainted: G           O       6.1.150-box2 #1", "box2 is not an upstream kernel; "),
        ("Tainted: G        W  O       6.1.150 #1", "IN: the kernel is tainted by out-of-tree"),
        ("Tainted: [P]=PROPRIETARY_MODULE, [O]=OOT_MODULE\n6.9.1 #1", "by proprietary"),
        ("Not tainted 6.1.0-18-amd64 #1", "6.1.0-18-amd64 is not an upstream kernel. Does it"),
        ("Tainted: G        W          6.9.0-rc3-00012-g1234567 #1", ""),
    ],
)
def test_report_asks_for_an_upstream_kernel(repo: Repo, line: str, expected: str) -> None:
    log = LOG.replace("Not tainted 6.1.0-13-amd64 #1", line.replace("\n", "\n[  102.5] "))
    text = " ".join(report(repo, log).read_text().split())
    assert expected in text
    assert ("Otherwise, report it to the vendor." in text) is bool(expected)


def test_commits_far_from_a_fix_are_not_in_the_report(repo: Repo) -> None:
    with Repository.open(repo.path) as repository:
        fixes = find_fixes(repository, read_symptom(repository, LOG), tree="v6.1")
        first = fixes.candidates[0]
        # only words are common without a match
        for probability, matches, is_listed in (
            (0.08, first.matches, False),
            (0.4, (), False),
            (0.4, first.matches, True),
        ):
            candidate = replace(first, probability=probability, matches=matches)
            found = replace(fixes, candidates=(candidate,))
            text = save_bug_report(repository, found, f"{LOG}{probability}{matches}\n").read_text()
            assert (f'{NEAREST}\n  {first.commit[:12]} ("' in text) == is_listed
            assert (NEAREST in text) == is_listed


@pytest.mark.parametrize("quote", ["", "> "])
def test_list_in_a_report_names_no_fix(repo: Repo, quote: str) -> None:
    ids = repo.git("log -2 --format=%h --abbrev=12 v6.2").split()
    lines = [f'  {commit} ("acme: fix the ring")' for commit in ids]
    report_lines = ["I looked for a fix in the 5 commits since v6.1.", NEAREST, *lines]
    text = "\n".join(f"{quote}{line}" for line in report_lines)
    with Repository.open(repo.path) as repository:
        assert list_named_fixes(repository, text) == ()
        # nor is the title of another commit a statement
        titled = f'I tried {ids[0]} ("acme: fix the ring") and {ids[1]}'
        assert list_named_fixes(repository, titled) == ()
        answer = f"{text}\n\nThis was fixed by {ids[0]}"
        assert [commit[:12] for commit in list_named_fixes(repository, answer)] == [ids[0]]


def test_report_names_a_fix_that_was_tried(repo: Repo) -> None:
    fix = repo.patchpilot("find - --json", stdin=LOG.encode()).json["candidates"][0]["commit"][:12]
    unknown = repo.patchpilot("find - --report", stdin=LOG.encode())
    assert "a fix is known" not in unknown.err
    repo.patchpilot("find -", "--try", fix, "--in", "v6.1", "--works", "yes", stdin=LOG.encode())
    outcome = repo.patchpilot("find - --report", stdin=LOG.encode())
    assert f"warning: a fix is known: {fix} (" in outcome.err
    warning = " ".join(outcome.err.split())
    assert f"instead of the report: `patchpilot backport {fix} --" in warning
    text = " ".join(Path(outcome.err.splitlines()[-1].removeprefix("wrote ")).read_text().split())
    assert f"A fix is known: {fix} (" in text
    assert "tried on 6.1: the bug is gone." in text


def test_filled_in_report_is_kept(repo: Repo) -> None:
    first = report(repo, LOG)
    assert report(repo, LOG) == first
    first.write_text(first.read_text().replace("FILL IN", "It happens at boot"))
    again = report(repo, LOG)
    assert again != first
    assert "It happens at boot" in first.read_text()
    other = report(repo, LOG.replace("BUG: kernel NULL", "acme: failed NULL"))
    assert other not in (first, again)
    assert report(repo, LOG) == again
    mark_sent("reports", again.stem)
    assert report(repo, LOG) not in (first, again, other)


@pytest.fixture
def maintained(repo: Repo) -> Repo:
    repo.git("checkout -q --detach origin/master")
    repo.commit("maintain acme\n", {"MAINTAINERS": SECTION})
    return repo


def test_report_of_a_memory_error_asks_about_security(maintained: Repo) -> None:
    content = report(maintained, KASAN).read_text()
    assert "FILL IN: Could somebody use this bug to attack a machine" in content
    assert "The log\nhas “out-of-bounds”" in content or "“KASAN”" in content
    assert "  To: Ma In <ma@example.org>\n  Cc: security@kernel.org\n" in content
    assert "FILL IN: Could somebody" not in report(maintained, LOG).read_text()
    outcome = call("find", "-C", maintained.path, "-", "--report", stdin=KASAN.encode())
    assert "Could somebody use this bug to attack a machine" in outcome.err
    assert "Who can trigger it? Only root, or only a faulty device" in outcome.err


def test_answer_decides_who_receives_the_report(maintained: Repo) -> None:
    private = report(maintained, KASAN, security=True).read_text()
    headers = private.partition("\n\n")[0].splitlines()[1:]
    assert headers == ["To: Ma In <ma@example.org>", "Cc: security@kernel.org"]
    public = report(maintained, KASAN, security=False).read_text()
    assert "acme@example.org" in public.partition("\n\n")[0]
    for content in (private, public):
        assert "Could somebody" not in content
        assert "\n\nHi,\n" in content


def test_address_is_in_one_header_only(maintained: Repo) -> None:
    maintained.commit(
        "orphan\n", {"MAINTAINERS": SECTION.replace("M:\tMa In <ma@example.org>\n", "")}
    )
    head = report(maintained, LOG).read_text().partition("\n\n")[0]
    to, cc = (
        next(row[4:].split(", ") for row in head.splitlines() if row.startswith(name))
        for name in ("To: ", "Cc: ")
    )
    assert not set(to) & set(cc)


def test_module_names_the_maintainers_of_a_function_that_the_tree_lacks(maintained: Repo) -> None:
    maintained.commit(
        "fold", {"MAINTAINERS": SECTION.replace(f"F:\t{FILE}", "F:\tdrivers/net/acme/")}
    )
    log = "[ 1.0] WARNING: CPU: 0 at acme_new_function+0x1/0x2 [acme]\n"
    head = report(maintained, log).read_text().partition("\n\n")[0]
    assert "To: Ma In <ma@example.org>" in head


def test_words_of_other_messages_are_no_reason_to_ask(maintained: Repo) -> None:
    log = f"[    0.100000] Spectre V2 : Mitigation: Retpolines\n{LOG}"
    assert "FILL IN: Could somebody" not in report(maintained, log).read_text()
    outcome = call("find", "-C", maintained.path, "-", "--report", stdin=log.encode())
    assert "Could somebody" not in outcome.err
