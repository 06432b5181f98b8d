# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `patchpilot check` with a baseline, waivers, and an earlier version."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.cli.check.check_options import FORMATS
from patchpilot.commits.repository import Repository
from patchpilot.config import FILE_NAME
from patchpilot.model.mail import parse_mail
from patchpilot.outgoing.outbox import Outbox
from patchpilot.series.draft import Drafts
from patchpilot.tui.screens import checks_rows
from patchpilot.tui.view.session import JobRequest, Session
from tests.kit.cli import Outcome
from tests.kit.cli import call as call_cli
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.snippets import PATH, PROSE, SIGN_OFF, build_file_diff, mail
from tests.kit.topics import topic as of_several

CLEAN = "\tret = frob_wait(frob);"
SPACED = "\tret = frob_wait(frob); "
GLUED = "\tret =frob_start(frob);"
"""A line with two errors: trailing whitespace, and no space after `=`."""


def run_command(*arguments: Any) -> Outcome:
    """Run a command.

    If it is `check`, disable the rules that always report something in these patches.
    """
    if arguments[0] == "check":
        arguments = (
            "check",
            "--ignore",
            "missing-changelog",
            *arguments[1:],
        )
    return call_cli(*arguments)


def make_patch(
    *added_line: str,
    subject: str = "frob: wait for the link",
    commit_text: str = PROSE,
    path: str = PATH,
    line_number: int = 10,
) -> str:
    lines = "".join(f"+{line}\n" for line in added_line)
    diff = build_file_diff(
        path,
        f" \tint ret;\n \n-\tret = frob_init(frob);\n{lines} \tif (ret)\n \t\treturn ret;\n ",
    )
    return mail(
        subject,
        f"{commit_text}\n\n{SIGN_OFF}",
        diff.replace("@@ -10,", f"@@ -{line_number},").replace(" +10,", f" +{line_number},"),
    )


def write_file(name: str, content: str) -> Path:
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def list_finding_names(outcome: Outcome) -> list[str]:
    document = json.loads(outcome.out)
    return [finding["name"] for patch in document["patches"] for finding in patch["findings"]] + [
        entry["name"] for entry in document["series"]["findings"]
    ]


def run_check(*arguments: object) -> Outcome:
    return run_command("check", "--format", "json", *arguments)


@pytest.mark.parametrize(
    "words",
    [
        ("--write-baseline", "b.json", "a.patch"),
        ("--write-baseline=b.json", "a.patch"),
        ("--baseline", "b.json", "--write-baseline", "a.patch"),
        ("--baseline", "b.json", "a.patch", "--write-baseline"),
        ("a.patch", "--write-baseline", "--baseline=b.json"),
        ("a.patch", "--baseline=b.json", "--write-baseline", "b.json"),
    ],
)
def test_every_baseline_option_writes_it(workdir: Path, words: tuple[str, ...]) -> None:
    write_file("a.patch", make_patch(SPACED))
    outcome = run_check(*words)
    assert (outcome.code, list_finding_names(outcome)) == (0, []), outcome.err
    assert "b.json: 1 finding recorded, 1 new, 0 removed" in outcome.err
    assert str(workdir) not in Path("b.json").read_text()
    assert run_check("--baseline", "b.json", "a.patch").code == 0
    assert run_check("a.patch").code == 1


def test_write_baseline_needs_a_file(workdir: Path) -> None:
    write_file("a.patch", make_patch(SPACED))
    outcome = run_command("check", "a.patch", "--write-baseline")
    assert outcome.code == 2
    assert "--baseline FILE --write-baseline" in outcome.err


def test_baseline_survives_moved_and_reworded_lines(
    workdir: Path,
) -> None:
    write_file("a.patch", make_patch(SPACED))
    run_check("--write-baseline", "b.json", "a.patch")
    write_file(
        "later/0001-a.patch",
        make_patch(CLEAN, path="drivers/frob/new.c", subject="frob: before it"),
    )
    write_file(
        "later/0002-b.patch",
        make_patch(
            CLEAN,
            SPACED,
            subject="[PATCH v2 2/2] frob: other words",
            commit_text=f"{PROSE}\nAnd more.",
            line_number=400,
        ),
    )
    outcome = run_check("--baseline", "b.json", "later")
    assert (outcome.code, list_finding_names(outcome)) == (0, [])
    summary = json.loads(outcome.out)["summary"]
    assert (summary["baselined"], summary["waived"], summary["errors"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (make_patch(SPACED, SPACED), ["trailing-space"]),
        (make_patch(SPACED.replace("wait", "halt")), ["trailing-space"]),
        (make_patch(SPACED, path="drivers/frob/other.c"), ["trailing-space"]),
        (make_patch(SPACED, GLUED), ["operator-spacing"]),
        (make_patch(CLEAN), []),
    ],
)
def test_changed_findings_are_new(workdir: Path, text: str, new: list[str]) -> None:
    write_file("a.patch", make_patch(SPACED))
    run_check("--write-baseline", "b.json", "a.patch")
    write_file("a.patch", text)
    outcome = run_check("--baseline", "b.json", "a.patch")
    assert len(list_finding_names(outcome)) == len(new), list_finding_names(outcome)
    assert outcome.code == int(bool(new))


def test_stale_baseline_entries_are_dropped(workdir: Path) -> None:
    write_file("a.patch", make_patch(SPACED, GLUED))
    run_check("--write-baseline", "b.json", "a.patch")
    write_file("a.patch", make_patch(GLUED))
    outcome = run_check("--baseline", "b.json", "a.patch")
    assert "b.json: 1 finding is gone (--write-baseline removes them; -v lists them)" in outcome.err
    (stale,) = json.loads(outcome.out)["baseline"]["stale"]
    assert (stale["name"], stale["path"], stale["text"], stale["count"]) == (
        "trailing-space",
        PATH,
        "ret = frob_wait(frob);",
        1,
    )
    assert (
        f"  {PATH}: trailing-space: ret = frob_wait(frob);"
        in run_command("check", "-v", "--baseline", "b.json", "a.patch").err
    )
    assert run_command("check", "-q", "--baseline", "b.json", "a.patch").err == ""
    outcome = run_check("--baseline", "b.json", "--write-baseline", "a.patch")
    assert "0 new, 1 removed" in outcome.err
    assert run_check("--baseline", "b.json", "a.patch").err == ""


def test_baseline_keeps_disabled_rules(
    workdir: Path,
) -> None:
    write_file("a.patch", make_patch(SPACED, GLUED))
    run_check("--write-baseline", "b.json", "a.patch")
    before = Path("b.json").read_text()
    assert (
        "gone" not in run_check("--baseline", "b.json", "--select", "trailing-space", "a.patch").err
    )
    run_check(
        "--baseline",
        "b.json",
        "--write-baseline",
        "--select",
        "trailing-space",
        "a.patch",
    )
    assert Path("b.json").read_text() == before


def test_baseline_is_deterministic(workdir: Path) -> None:
    write_file("a.patch", make_patch(SPACED, GLUED))
    write_file("b.patch", make_patch(SPACED, path="drivers/a.c"))
    run_check("--write-baseline", "one.json", "a.patch", "b.patch")
    run_check("--write-baseline", "two.json", workdir / "b.patch", workdir / "a.patch")
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()


def test_broken_baseline_is_kept(workdir: Path) -> None:
    write_file("a.patch", make_patch(SPACED))
    write_file("b.json", '{"schema": "patchpilot/baseline/1",\n "findings": [}')
    for arguments in (
        ("--baseline", "b.json"),
        ("--baseline", "b.json", "--write-baseline"),
    ):
        outcome = run_command("check", *arguments, "a.patch")
        assert (outcome.code, outcome.out) == (2, "")
        assert "b.json: not valid JSON: Expecting value: line 2 column 15" in outcome.err
    assert Path("b.json").read_text().endswith("[}")
    assert run_command("check", "--baseline", "none.json", "a.patch").code == 2


def test_hidden_findings_are_counted(
    workdir: Path,
) -> None:
    write_file("a.patch", make_patch(SPACED))
    run_check("--write-baseline", "b.json", "a.patch")
    write_file("a.patch", make_patch(SPACED, GLUED))
    assert (
        run_command("check", "--baseline", "b.json", "a.patch").out.splitlines()[0]
        == "1 patch checked, not ready to send: 1 error (1 in the baseline)"
    )
    (run,) = json.loads(
        run_command("check", "--format", "sarif", "--baseline", "b.json", "a.patch").out
    )["runs"]
    (reported,) = run["results"]
    assert reported["properties"]["name"] != "trailing-space"
    assert reported["baselineState"] == "new"


WAIVER = (
    '[[waiver]]\nrule = "trailing-space"\npath = "drivers/frob/*"\nreason = "a <table> & more"\n'
)


@pytest.fixture
def tree(workdir: Path) -> Path:
    """Create a tree that contains a waiver, and a patch that needs the waiver."""
    write_file(f"tree/{FILE_NAME}", WAIVER)
    write_file("a.patch", make_patch(SPACED))
    return workdir / "tree"


def test_tree_waivers_show_their_reasons(
    tree: Path,
) -> None:
    outcome = run_check("--tree", tree, "a.patch")
    assert (outcome.code, list_finding_names(outcome)) == (0, [])
    document = json.loads(outcome.out)
    (waived,) = document["waived"]
    assert document["summary"]["waived"] == 1
    assert (waived["name"], waived["reason"], waived["origin"], waived["until"]) == (
        "trailing-space",
        "a <table> & more",
        str(tree / FILE_NAME),
        None,
    )
    assert (waived["source"], waived["path"]) == ("a.patch", PATH)


@pytest.mark.parametrize("form", FORMATS)
def test_waived_findings_are_hidden_in_every_format(tree: Path, form: str) -> None:
    outcome = run_command("check", "--tree", tree, "--format", form, "a.patch")
    assert (outcome.code, outcome.err) == (0, "")
    if form in ("checkpatch", "github"):
        assert outcome.out == ""
    elif form == "jsonl":
        line, last_output = map(json.loads, outcome.out.splitlines())
        assert (line["findings"], last_output["summary"]["waived"]) == ([], 1)
    elif form == "gitlab":
        assert json.loads(outcome.out) == []
    elif form == "junit":
        suites = ET.fromstring(outcome.out)
        (case,) = suites.findall(".//testcase")
        (suite,) = suites.findall("testsuite")
        assert (
            suite.attrib["skipped"],
            suites.attrib["tests"],
            suites.attrib["failures"],
        ) == (
            "1",
            "1",
            "0",
        )
        assert case.find("skipped").attrib["message"] == "waived: a <table> & more"  # type: ignore[union-attr]
    elif form == "sarif":
        (run,) = json.loads(outcome.out)["runs"]
        assert run["results"] == run["tool"]["driver"]["rules"] == []
    elif form == "text":
        assert outcome.out.startswith("1 patch checked: no findings (1 waived)\n")


def test_verbose_text_shows_waiver_reasons(tree: Path) -> None:
    output = run_command("check", "-v", "--tree", tree, "a.patch").out
    assert "waived: trailing whitespace [trailing-space]\n    a <table> & more (" in output


def test_expired_waiver_is_reported(tree: Path) -> None:
    write_file(f"tree/{FILE_NAME}", WAIVER + 'until = "2020-01-31"\n')
    outcome = run_command("check", "--tree", tree, "a.patch")
    assert outcome.code == 1
    assert (
        f"{tree / FILE_NAME}: the waiver for trailing-space (drivers/frob/*) expired on 2020-01-31;"
        " its findings count again" in outcome.err
    )
    assert run_command("check", "--tree", tree, "--format", "checkpatch", "a.patch").err == ""
    (expired,) = json.loads(run_check("--tree", tree, "a.patch").out)["waivers"]["expired"]
    assert (expired["rule"], expired["paths"], expired["until"]) == (
        "trailing-space",
        ["drivers/frob/*"],
        "2020-01-31",
    )
    assert "expired on 2020-01-31" in run_command("check", "--tree", tree, "--diff", "a.patch").err
    write_file("a.patch", make_patch(CLEAN))
    assert run_command("check", "--tree", tree, "a.patch").err == ""


def test_verbose_reports_unused_waivers(tree: Path) -> None:
    write_file("a.patch", make_patch(CLEAN))
    assert run_command("check", "--tree", tree, "a.patch").err == ""
    assert [
        unused["rule"]
        for unused in json.loads(run_check("--tree", tree, "a.patch").out)["waivers"]["unused"]
    ] == ["trailing-space"]
    assert (
        "unused waiver for trailing-space"
        in run_command("check", "-v", "--tree", tree, "a.patch").err
    )


@pytest.mark.parametrize(
    ("path", "is_reported"),
    [
        ("drivers/frob", True),
        ("drivers/frb/*", True),
        ("drivers/frob/none.c", True),
        ("drivers/none/", True),
        ("lib/*.c", True),
        ("drivers/frob/", False),
        ("drivers/*.c", False),
        ("*", False),
    ],
)
def test_path_that_matches_nothing_is_reported(tree: Path, path: str, is_reported: bool) -> None:
    write_file(
        f"tree/{FILE_NAME}",
        f'[[waiver]]\nrule = "trailing-space"\nreason = "r"\npath = ["drivers/frob/*", "{path}"]\n',
    )
    outcome = run_command("check", "--tree", tree, "a.patch")
    note = f"'{path}' in the waiver for trailing-space matches no file"
    assert (outcome.code, note in outcome.err) == (0, is_reported), outcome.err
    assert run_command("check", "--tree", tree, "--format", "checkpatch", "a.patch").err == ""
    waivers = json.loads(run_check("--tree", tree, "a.patch").out).get("waivers")
    paths = [
        path for waiver in (waivers or {}).get("without_files", ()) for path in waiver["paths"]
    ]
    assert paths == ([path] if is_reported else [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[waiver]]\nrule = "trailing-spce"\nreason = "r"\n', "trailing-space"),
        ('[[waiver]]\nrule = "trailing-space"\nresaon = "r"\n', "reason"),
        (
            '[[waiver]]\nrule = "no-sign-off"\nreason = "r"\n',
            "cannot be waived in the settings of a tree",
        ),
    ],
)
def test_invalid_waiver_is_an_error(tree: Path, text: str, message: str) -> None:
    write_file(f"tree/{FILE_NAME}", text)
    outcome = run_command("check", "--tree", tree, "a.patch")
    assert (outcome.code, outcome.out) == (2, "")
    assert str(tree / FILE_NAME) in outcome.err
    assert message in outcome.err


def test_baseline_excludes_waived_findings(tree: Path) -> None:
    run_check("--tree", tree, "--write-baseline", "b.json", "a.patch")
    assert json.loads(Path("b.json").read_text())["findings"] == []


def test_waiver_for_a_file_lasts_one_run(workdir: Path) -> None:
    write_file("a.patch", make_patch(SPACED))
    outcome = run_check("--waive", "trailing-space=it is a fixture", "a.patch")
    assert (
        outcome.code,
        json.loads(outcome.out)["waived"][0]["reason"],
        outcome.err,
    ) == (
        0,
        "it is a fixture",
        "",
    )
    assert run_check("a.patch").code == 1
    assert run_command("check", "--waive", "trailing-space", "a.patch").code == 2
    outcome = run_command("check", "--unwaive", "trailing-space", "a.patch")
    assert outcome.code == 2
    assert "do not belong to a topic" in outcome.err


@pytest.fixture
def topic(workdir: Path) -> Repo:
    """Create a branch with one commit that has trailing whitespace."""
    repo = Repo(workdir / "r")
    repo.commit(f"frob: start\n\n{SIGN_OFF}", {"drivers/frob.c": "int a;\nint b;\nint c;\n"})
    repo.branch("topic")
    (
        repo.git("branch -q -u main")
        if "main" in repo.git("branch")
        else repo.git("branch -q -u master")
    )
    repo.commit(
        f"frob: use b\n\n{PROSE}\n\n{SIGN_OFF}",
        {"drivers/frob.c": "int a;\nint bb; \nint c;\n"},
    )
    return repo


def test_topic_waiver_lasts_until_removed(topic: Repo) -> None:
    where = ("-C", topic.path)
    assert run_check(*where).code == 1
    given_outcome = run_check(*where, "--waive", "trailing-space=a fixture has it")
    assert given_outcome.code == 0, given_outcome.err
    assert "--unwaive removes it" in given_outcome.err
    later_outcome = run_check(*where)
    assert (
        later_outcome.code,
        [waived["origin"] for waived in json.loads(later_outcome.out)["waived"]],
    ) == (
        0,
        ["your topic"],
    )
    assert run_check(*where, "HEAD").code == 0
    assert "waived:   trailing-space: a fixture has it" in run_command("draft", *where).out
    # after rewording a commit and adding another one, it is still the same topic
    topic.git("commit -q --amend -m", f"frob: use b well\n\n{PROSE}\n\n{SIGN_OFF}")
    topic.commit(
        f"frob: use a\n\n{PROSE}\n\n{SIGN_OFF}",
        {"drivers/frob.c": "int aa;\nint bb; \nint c;\n"},
    )
    assert "trailing-space" not in list_finding_names(run_check(*where))
    # a different branch is a different topic
    topic.git("switch -q -c other topic~2")
    topic.commit(f"grob: another\n\n{PROSE}\n\n{SIGN_OFF}", {"drivers/grob.c": "int g; \n"})
    assert "trailing-space" in list_finding_names(run_check(*where, "HEAD"))
    topic.git("switch -q topic")
    assert run_command("check", *where, "--unwaive", "trailing-spce").code == 2
    assert "trailing-space" in list_finding_names(run_check(*where, "--unwaive", "trailing-space"))
    assert "trailing-space" in list_finding_names(run_check(*where))
    assert "has no waivers" in run_command("check", *where, "--unwaive", "trailing-space").err


def test_send_ignores_waivers_from_the_tree(
    topic: Repo,
) -> None:
    arguments = (
        "send",
        "-C",
        topic.path,
        "--to",
        "Widgets <widgets@lists.example.org>",
        "--dry-run",
        "--format",
        "json",
    )

    def list_refusals(send_result: Outcome) -> list[str]:
        return [str(refusal) for refusal in json.loads(send_result.out)["refusals"]]

    assert "check-errors" in str(list_refusals(run_command(*arguments)))
    (topic.path / FILE_NAME).write_text('[[waiver]]\nrule = "trailing-space"\nreason = "r"\n')
    assert "check-errors" in str(list_refusals(run_command(*arguments)))
    (topic.path / FILE_NAME).unlink()
    assert run_check("-C", topic.path, "--waive", "trailing-space=a fixture has it").code == 0
    outcome = run_command(*arguments)
    assert "check-errors" not in str(list_refusals(outcome))
    assert "a fixture has it" in outcome.out + outcome.err


def map_new_findings(outcome: Outcome) -> dict[str, Any]:
    """Map the line or name of each finding to whether the finding is new."""
    document = json.loads(outcome.out)
    return {
        f"{finding['name']}:{finding['path']}": finding["new"]
        for patch in document["patches"]
        for finding in patch["findings"]
    }


@pytest.mark.parametrize("form", FORMATS)
def test_findings_are_marked_as_new(workdir: Path, form: str) -> None:
    write_file("v1/0001-a.patch", make_patch(SPACED))
    write_file(
        "v2/v2-0001-a.patch",
        make_patch(CLEAN, SPACED, GLUED, subject="[PATCH v2] frob: wait well", line_number=90),
    )
    outcome = run_command("check", "--format", form, "--since-version", "v1", "v2")
    assert outcome.code == 1
    if form == "json":
        document = json.loads(outcome.out)
        assert (
            document["since"],
            document["summary"]["new"],
            document["summary"]["gone"],
        ) == (
            "v1",
            1,
            0,
        )
        assert sorted(map_new_findings(outcome).values()) == [False, True]
        assert map_new_findings(outcome)[f"trailing-space:{PATH}"] is False
    elif form == "jsonl":
        assert sorted(
            finding["new"] for finding in json.loads(outcome.out.splitlines()[0])["findings"]
        ) == [False, True]
    elif form == "sarif":
        assert sorted(
            result["baselineState"] for result in json.loads(outcome.out)["runs"][0]["results"]
        ) == ["new", "unchanged"]
        assert "suppressions" not in outcome.out
    elif form == "checkpatch":
        assert "v1" not in outcome.out
        assert len(outcome.out.splitlines()) == 2
    else:
        assert outcome.out.count("(new since v1)") == outcome.out.count("(as in v1)") == 1
    if form == "text":
        assert (
            outcome.out.splitlines()[0] == "1 patch checked, not ready to send: 2 errors;"
            " since v1: 1 new, 1 unchanged, 0 gone"
        )


@pytest.mark.parametrize(
    ("old", "new", "target"),
    [
        ("out/0001-a.patch", "out/v2-0001-a.patch", "out"),
        ("out/0001-a.patch", "out/v2-0001-a.patch", "out/v2-0001-a.patch"),
        ("v1/a.patch", "v2/a.patch", "v2"),
        ("frob-v1/a.patch", "frob-v2/a.patch", "frob-v2"),
        ("v1_frob.mbx", "v2_frob.mbx", "v2_frob.mbx"),
    ],
)
def test_previous_version_is_found_next_to_the_files(
    workdir: Path, old: str, new: str, target: str
) -> None:
    write_file(old, make_patch(SPACED, subject="[PATCH] frob: wait"))
    write_file(new, make_patch(SPACED, GLUED, subject="[PATCH v2] frob: wait"))
    outcome = run_check("--since-version", "1", target)
    assert outcome.code == 1, outcome.err
    assert sorted(new for name, new in map_new_findings(outcome).items() if PATH in name) == [
        False,
        True,
    ]
    assert json.loads(outcome.out)["summary"]["patches"] == 1


def test_latest_version_in_an_mbox_is_checked(workdir: Path) -> None:
    first_patch = make_patch(SPACED, subject="[PATCH] frob: wait")
    reply = make_patch(GLUED, subject="[PATCH] frob: wait").replace("Subject: ", "Subject: Re: ")
    second_patch = make_patch(SPACED, GLUED, subject="[PATCH v2] frob: wait")
    three = make_patch(SPACED, GLUED, line_number=70, subject="[PATCH v3] frob: wait longer")
    other_patch = make_patch(SPACED, subject="[PATCH v2] grob: another work", path="drivers/grob.c")
    write_file("thread.mbx", first_patch + reply + second_patch + three + other_patch)
    for number, old in (("1", [False, True]), ("2", [False, False])):
        outcome = run_check("--since-version", number, "thread.mbx")
        assert [patch["subject"] for patch in json.loads(outcome.out)["patches"]] == [
            "frob: wait longer",
            "grob: another work",
        ]
        assert sorted(new for name, new in map_new_findings(outcome).items() if PATH in name) == old


def test_unknown_version_shows_a_hint(workdir: Path) -> None:
    write_file("a.patch", make_patch(SPACED))
    outcome = run_command("check", "--since-version", "4", "a.patch")
    assert (outcome.code, outcome.out) == (2, "")
    assert "v4 not found" in outcome.err
    assert "--since-version DIR, FILE, A..B or a Message-ID" in outcome.err
    write_file("elsewhere.patch", make_patch(SPACED))
    assert map_new_findings(run_check("--since-version", "elsewhere.patch", "a.patch")) == {
        f"trailing-space:{PATH}": False
    }


def test_finding_moved_between_patches_is_old(workdir: Path) -> None:
    write_file("v1/1.patch", make_patch(SPACED, subject="[PATCH 1/2] frob: one"))
    write_file(
        "v1/2.patch",
        make_patch(CLEAN, subject="[PATCH 2/2] frob: two", path="drivers/frob/two.c"),
    )
    write_file("v2/1.patch", make_patch(CLEAN, subject="[PATCH v2 1/2] frob: one"))
    write_file(
        "v2/2.patch",
        make_patch(CLEAN, subject="[PATCH v2 2/2] frob: two", path="drivers/frob/two.c").replace(
            "-- \n2.43.0\n\n", ""
        )
        + make_patch(SPACED).split("---\n", 1)[1].lstrip("\n"),
    )
    assert (
        map_new_findings(run_check("--since-version", "1", "v2")).get(f"trailing-space:{PATH}")
        is False
    )


def test_commits_are_compared_with_the_sent_version(topic: Repo) -> None:
    outcome = run_command("check", "-C", topic.path, "--since-version", "1")
    assert outcome.code == 2
    assert "sent, tracked, tagged or on a branch" in outcome.err
    topic.git("branch topic-v1")
    topic.git(
        "commit -q --amend -m",
        f"frob: use b\n\nChange-Id: I0123456789abcdef\n\n{PROSE}\n\n{SIGN_OFF}",
    )
    by_age = map_new_findings(run_check("-C", topic.path, "--since-version", "1"))
    assert by_age["trailing-space:drivers/frob.c"] is False
    assert by_age["gerrit-change-id:None"] is True


def test_reroll_is_compared_with_the_sent_version(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = of_several(tmp_path / "r", 1, server=server)
        spaced = (repo.path / "widget.c").read_text().replace("int line9;", "int line9; ")
        repo.commit(
            f"widget: wait for line nine\n\nIt was wrong.\n\n{SIGN_OFF}",
            {"widget.c": spaced},
        )
        assert (
            run_command(
                "send",
                "-C",
                repo.path,
                "--to",
                "Widgets <widgets@lists.example.org>",
                "--force",
                "a test",
                "--yes",
            ).code
            == 0
        )
    repo.git(
        "commit -q --amend -m",
        "widget: wait for the ninth\n\nChange-Id: I0123456789abcdef\n\nIt was"
        f" wrong.\n\n{SIGN_OFF}",
    )
    for _ in range(2):
        outcome = run_check("-C", repo.path, "--since-version", "1")
        assert outcome.code == 1, outcome.err
        by_age = map_new_findings(outcome)
        assert (by_age["gerrit-change-id:None"], by_age["trailing-space:widget.c"]) == (
            True,
            False,
        )
        # without the outbox, only the tag shows which version was sent before
        with Outbox() as outbox:
            for send in outbox.sends(next(iter(Drafts().all())).change_id):
                outbox.forget(send.id)


def test_commits_are_compared_with_a_tracked_version(topic: Repo) -> None:
    first = topic.git("format-patch --stdout -1 '--subject-prefix=PATCH RFC' HEAD").replace(
        "Date: ", "Message-ID: <one@example.org>\nDate: ", 1
    )
    with Store() as store:
        entry = store.add("one@example.org", "frob: use b", None, None)
        store.keep(entry.id, "frob: use b", [parse_mail(first.partition("\n")[2].encode())])
    topic.git(
        "commit -q --amend -m",
        f"frob: use b\n\nChange-Id: I0123456789abcdef\n\n{PROSE}\n\n{SIGN_OFF}",
    )
    by_age = map_new_findings(run_check("-C", topic.path, "--since-version", "v1"))
    assert (
        by_age["trailing-space:drivers/frob.c"],
        by_age["gerrit-change-id:None"],
    ) == (
        False,
        True,
    )
    assert run_command("check", "-C", topic.path, "--since-version", "2").code == 2


def test_b4_branch_is_compared_with_its_sent_tag(topic: Repo) -> None:
    name, head, base = (
        "20260101-frob-0123456789ab",
        topic.git("rev-parse HEAD"),
        topic.git("rev-parse HEAD~1"),
    )
    topic.git(
        "tag -a -m",
        f"frob: use b\n\nbase-commit: {base}\nchange-id: {name}\n",
        f"sent/{name}-v1",
        head,
    )
    topic.git("config", "branch.topic.description", "frob: all of it\n\nText.")
    tracking = json.dumps(
        {
            "series": {
                "revision": 2,
                "change-id": name,
                "base-branch": "main",
                "prefixes": [],
            }
        }
    )
    topic.git("config branch.topic.b4-tracking", tracking)
    topic.git(
        "commit -q --amend -m",
        f"frob: use b\n\nChange-Id: I0123456789abcdef\n\n{PROSE}\n\n{SIGN_OFF}",
    )
    outcome = run_check("-C", topic.path, "--since-version", "1")
    assert outcome.code == 1, outcome.err
    by_age = map_new_findings(outcome)
    assert (
        by_age["trailing-space:drivers/frob.c"],
        by_age["gerrit-change-id:None"],
    ) == (
        False,
        True,
    )


def test_suppressed_finding_is_not_fixed(tree: Path) -> None:
    before = Path("a.patch").read_bytes()
    outcome = run_command("check", "--fix", "--tree", tree, "a.patch")
    assert (outcome.code, Path("a.patch").read_bytes() == before) == (0, True)
    run_check("--write-baseline", "b.json", "a.patch")
    outcome = run_command("check", "--fix", "--baseline", "b.json", "a.patch")
    assert (outcome.code, Path("a.patch").read_bytes() == before) == (0, True)
    assert run_command("check", "--fix", "--write-baseline", "b.json", "a.patch").code == 2
    assert run_command("check", "--fix", "a.patch").code == 0
    assert Path("a.patch").read_bytes() != before


def test_tui_and_hooks_apply_waivers(topic: Repo) -> None:
    def load_checks_stage() -> tuple[list[str], str]:
        with Repository.open(topic.path) as repository:
            result, stage_state = checks_rows.load_stage(
                JobRequest(repository, Session(topic.path), lambda *_: None)
            )
        return [finding.name for finding in result.all], stage_state.note

    def run_commit_hook() -> Outcome:
        file = topic.path / ".git" / "COMMIT_EDITMSG"
        file.write_text(f"frob: use b\n\n{PROSE}\n\n{SIGN_OFF}\n")
        (topic.path / "drivers/frob.c").write_text("int a;\nint bb; \nint c;\nint d; \n")
        topic.git("add -A")
        result = run_command("setup", "hooks", "-C", topic.path, "commit-msg", "--run", file)
        topic.git("reset -q --hard")
        return result

    assert "trailing-space" in load_checks_stage()[0]
    assert run_commit_hook().code == 1
    run_check("-C", topic.path, "--waive", "trailing-space=a fixture has it")
    assert load_checks_stage() == ([], "no findings, 1 waived")
    assert run_commit_hook().code == 0
    run_check("-C", topic.path, "--unwaive", "trailing-space")
    # the hook does not load the pack, but accepts waivers for its rules
    (topic.path / ".git/info").mkdir(exist_ok=True)
    (topic.path / ".git/info/exclude").write_text(f"{FILE_NAME}\n")
    ours = '[[waiver]]\nrule = "our-own-rule"\nreason = "r"\n'
    (topic.path / FILE_NAME).write_text(
        f'{ours}[[waiver]]\nrule = "trailing-space"\nreason = "r"\n'
    )
    assert run_commit_hook().code == 0
