# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `patchpilot check` as run by scripts, CI and b4."""

import gzip
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from patchpilot.cli.check.check_options import FORMATS
from patchpilot.errors import ExitCode
from tests.kit.cli import call, start_and_wait
from tests.kit.maintainers import build_widget_patch
from tests.kit.repos import Repo
from tests.kit.snippets import HUNK, PATH, PROSE, SIGN_OFF, build_file_diff, mail

CLEAN = mail(
    "frob: wait for the link before it is used",
    f"{PROSE}\n\n{SIGN_OFF}",
    build_file_diff(PATH, HUNK),
)
DIRTY = mail(
    "frob: wait for the link before it is used",
    f"Hello all,\n\nChange-Id: I0123456789abcdef\n{SIGN_OFF}",
    build_file_diff(PATH, HUNK),
)


@pytest.fixture
def clean_patch(workdir: Path) -> Path:
    file = workdir / "clean.patch"
    file.write_text(CLEAN)
    return file


@pytest.fixture
def bad_patch(workdir: Path) -> Path:
    file = workdir / "dirty.patch"
    file.write_text(DIRTY)
    return file


def test_findings_set_the_exit_code(clean_patch: Path, bad_patch: Path) -> None:
    assert call("check", clean_patch).code == 0
    assert call("check", bad_patch).code == 1
    assert call("check --fail-on never", bad_patch).code == 0


def test_checkpatch_format_is_empty_for_a_clean_patch(clean_patch: Path) -> None:
    outcome = start_and_wait("check", "--format", "checkpatch", "-", stdin=clean_patch.read_bytes())
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_checkpatch_format_has_one_line_each(bad_patch: Path) -> None:
    outcome = start_and_wait("check", "--format", "checkpatch", "-", stdin=bad_patch.read_bytes())
    lines = outcome.out.splitlines()
    assert outcome.code == 1
    assert outcome.err == ""
    assert any(line.startswith("-:6: WARNING:GREETING_IN_MESSAGE: ") for line in lines), lines
    assert any(line.startswith("-:8: ERROR:GERRIT_CHANGE_ID: ") for line in lines), lines


def test_json_matches_the_contract(bad_patch: Path) -> None:
    outcome = call("check --strict --format json", bad_patch)
    document = json.loads(outcome.out)
    assert document["schema"] == "patchpilot/check/1"
    assert document["repository"] is None
    assert document["summary"]["exit_code"] == 1
    assert document["summary"]["patches"] == 1
    (patch,) = document["patches"]
    assert (patch["source"], patch["commit"]) == (str(bad_patch), None)
    finding = next(
        finding for finding in patch["findings"] if finding["name"] == "greeting-in-message"
    )
    keys = "rule name checkpatch severity message patch_line path line column reference"
    assert set(finding) >= {*keys.split(), "fix"}
    assert (finding["rule"], finding["patch_line"], finding["fix"]["kind"]) == (
        "MSG006",
        6,
        "suggest",
    )
    assert document["series"] == {"findings": []}


def test_reason_is_shown_once(bad_patch: Path) -> None:
    output = call("check --strict", bad_patch, bad_patch).out
    assert f"{bad_patch}:6: warning: " in output
    assert "    Hello all," in output
    assert output.count("why: Everything above the --- becomes") == 1
    assert output.splitlines()[0].startswith("2 patches checked, not ready to send: ")
    assert "not checked: whether it compiles (use --build); " in output
    assert "\x1b" not in output


def test_advice_is_shown_once(bad_patch: Path) -> None:
    output = call("check --strict", bad_patch, bad_patch).out
    assert output.count("    help: delete the line") == 1


def test_fix_offer_is_text_only(clean_patch: Path, bad_patch: Path) -> None:
    reported = "patchpilot: note: 1 finding fixable with --fix (preview: --diff)"
    outcome = call("check", bad_patch)
    assert reported in outcome.err
    assert "--fix" not in outcome.out
    for arguments in (
        ("-q",),
        ("--format", "checkpatch"),
        ("--format", "json"),
        ("--checkpatch-compat",),
        ("--fix",),
    ):
        assert "fixable" not in call("check", *arguments, bad_patch).err
    assert call("check", clean_patch).err == ""


def test_no_op_fix_is_not_counted(
    tmp_path: Path,
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("wait for the link", {"a.c": "int a;\n"})
    outcome = repo.patchpilot("check HEAD")
    assert "missing-prefix" in outcome.out
    assert "fixable" not in outcome.err
    assert "0 findings would be fixed" in repo.patchpilot("check --diff HEAD").err


def test_misspelling_is_shown_with_its_line(workdir: Path) -> None:
    (workdir / "scripts").mkdir()
    (workdir / "scripts" / "spelling.txt").write_text("recieve||receive\n")
    file = workdir / "misspelt.patch"
    file.write_text(
        mail(
            "frob: say it",
            f"{PROSE}\n\n{SIGN_OFF}",
            build_file_diff(PATH, HUNK + "\n+\t/* recieve it */"),
        )
    )
    output = call("check --data scripts --select misspelling", file).out
    assert f"({PATH}:" in output
    assert "    +       /* recieve it */\n               ^" in output


def test_color_is_printed_on_request(bad_patch: Path) -> None:
    assert "\x1b[1;35mwarning" in call("check --strict --color", bad_patch).out


@pytest.mark.parametrize("form", FORMATS)
def test_formats_contain_no_control_characters(workdir: Path, form: str) -> None:
    file = workdir / "evil.patch"
    evil = DIRTY.replace("Hello all", "We added \x1b[31ma\u202e <b>wait</b> & [bold]")
    file.write_bytes(evil.encode() + b"+\xff\xfe\n")
    output = call("check --strict --format", form, file).out
    assert output
    # JSON may contain U+202E, because a program that reads JSON does not print the JSON itself
    assert not set(output) & ({"\x1b"} if form == "json" else {"\x1b", "\u202e"})
    if form in ("json", "sarif", "gitlab"):
        json.loads(output)
    elif form == "jsonl":
        assert [sorted(json.loads(line)) for line in output.splitlines()][-1] == [
            "schema",
            "summary",
        ]
    elif form == "junit":
        suites = ET.fromstring(output)
        assert int(suites.attrib["failures"]) == len(suites.findall(".//failure")) > 0
    elif form == "github":
        assert all(
            line.startswith(("::error ", "::warning ", "::notice ")) for line in output.splitlines()
        )


@pytest.mark.parametrize("form", ["checkpatch", "github"])
def test_line_formats_are_empty_for_a_clean_patch(clean_patch: Path, form: str) -> None:
    assert call("check --format", form, clean_patch).out == ""


def test_sarif_describes_reported_rules(bad_patch: Path) -> None:
    (run,) = json.loads(call("check --format sarif", bad_patch).out)["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1


def test_gitlab_fingerprints_are_unique_and_stable(bad_patch: Path) -> None:
    first_document, second_document = (
        json.loads(call("check --format gitlab", bad_patch).out) for _ in range(2)
    )
    prints = [issue["fingerprint"] for issue in first_document]
    assert len(set(prints)) == len(prints)
    assert first_document == second_document


def test_rules_are_selected_and_ignored(bad_patch: Path) -> None:
    def list_finding_names(*arguments: str) -> list[str]:
        return [
            finding["name"]
            for finding in json.loads(call("check --format json", *arguments, bad_patch).out)[
                "patches"
            ][0]["findings"]
        ]

    assert list_finding_names("--select", "MSG006") == ["greeting-in-message"]
    assert list_finding_names("--select", "GERRIT_CHANGE_ID,greeting-in-message") != [
        "greeting-in-message"
    ]
    assert "greeting-in-message" not in list_finding_names("--ignore", "message")


def test_unknown_rule_suggests_the_nearest(bad_patch: Path) -> None:
    outcome = call("check --select no-descriptio", bad_patch)
    assert outcome.code == 2
    assert "did you mean 'no-description'?" in outcome.err


@pytest.mark.parametrize(
    "words",
    [
        ["--kernel", "newest"],
        ["--profile", "linx"],
        ["--max-line-length", "7"],
        ["--fail-on", "note"],
    ],
)
def test_invalid_option_is_a_usage_error(clean_patch: Path, words: list[str]) -> None:
    assert call("check", *words, clean_patch).code == 2


def test_non_patch_file_is_a_usage_error(workdir: Path) -> None:
    (workdir / "x.patch").write_text("just words\n")
    outcome = call("check", workdir / "x.patch")
    assert outcome.code == 2
    assert "neither a mail nor a diff" in outcome.err


def test_directories_mboxes_and_gzip_are_read(workdir: Path, clean_patch: Path) -> None:
    folder = workdir / "series"
    folder.mkdir()
    for number in (1, 2):
        (folder / f"000{number}-x.patch").write_text(CLEAN)
    mbox = workdir / "all.mbox.gz"
    mbox.write_bytes(gzip.compress((CLEAN + CLEAN).encode()))
    for target, count in ((folder, 2), (mbox, 2), (clean_patch, 1)):
        assert json.loads(call("check --format json", target).out)["summary"]["patches"] == count


def test_commits_are_checked_with_their_history(workdir: Path) -> None:
    repo = Repo(workdir / "linux")
    for number in range(10):
        repo.commit(
            f"frob: step {number}\n\nTake step {number}, as the plan says, and no other"
            f" one.\n\n{SIGN_OFF}\n",
            {PATH: f"int a{number};\n"},
        )
    repo.git("branch base")
    fix_commit = repo.commit(
        "Frobber: mend step 3\n\nStep 3 was taken too early on old boards, so take it"
        f" later.\n\n{SIGN_OFF}\n",
        {PATH: "int b;\n"},
    )
    outcome = repo.patchpilot("check --strict --format json base..HEAD")
    document = json.loads(outcome.out)
    assert document["repository"] == str(repo.path)
    assert [patch["commit"] for patch in document["patches"]] == [fix_commit]
    findings = {patch["name"]: patch for patch in document["patches"][0]["findings"]}
    assert "100 % of 10 commits" in findings["unconventional-prefix"]["message"]
    assert findings["unconventional-prefix"]["fix"]["text"] == "frob: mend step 3"
    assert (
        json.loads(repo.patchpilot("check --format json --base base").out)["summary"]["patches"]
        == 1
    )


def test_series_is_checked_as_a_whole(workdir: Path) -> None:
    for number in (1, 3):
        (workdir / f"000{number}-x.patch").write_text(
            CLEAN.replace("[PATCH]", f"[PATCH {number}/3]").replace("the link", f"link {number}")
        )
    document = json.loads(call("check --format json 0001-x.patch 0003-x.patch").out)
    assert "inconsistent-series-numbers" in {
        entry["name"] for entry in document["series"]["findings"]
    }


def test_parallel_check_equals_serial_check(workdir: Path) -> None:
    for number in range(14):
        (workdir / f"{number:04d}-x.patch").write_text(DIRTY if number % 2 else CLEAN)
    single, four = (
        json.loads(call("check --jobs", jobs, "--format", "json", workdir).out) for jobs in (1, 4)
    )
    assert single == four


def test_tree_setting_is_applied(workdir: Path, bad_patch: Path) -> None:
    tree = workdir / "tree"
    tree.mkdir()
    (tree / ".patchpilot.toml").write_text('ignore = ["message", "GERRIT_CHANGE_ID"]\n')
    assert call("check --tree", tree, bad_patch).code == 0


def test_tree_script_runs_only_on_request(workdir: Path, clean_patch: Path) -> None:
    tree = workdir / "tree"
    (tree / "scripts").mkdir(parents=True)
    script = (
        'open(F, ">", "ran"); print "-:3: WARNING:OURS: from the script\\n-:99: ERROR:THEIRS:'
        ' too\\n"; exit 1;\n'
    )
    (tree / "scripts" / "checkpatch.pl").write_text(script)
    assert call("check --tree", tree, clean_patch).code == 0
    assert not (tree / "ran").exists()
    outcome = call("check --checkpatch --format json --tree", tree, clean_patch)
    assert [
        finding["checkpatch"] for finding in json.loads(outcome.out)["patches"][0]["findings"]
    ] == [
        "OURS",
        "THEIRS",
    ]
    # the script is confined, so that it cannot write to the tree
    assert not (tree / "ran").exists()


def test_path_is_not_interpreted_by_the_shell(workdir: Path) -> None:
    tree = workdir / "tree"
    (tree / "scripts").mkdir(parents=True)
    (tree / "scripts" / "checkpatch.pl").write_text('open(F, ">", "ran");\n')
    evil_file = workdir / "evil.patch"
    evil_file.write_text(
        mail(
            "frob: x",
            f"{PROSE}\n\n{SIGN_OFF}",
            build_file_diff("drivers/$(touch x).c", HUNK),
        )
    )
    assert call("check --checkpatch --tree", tree, evil_file).code == 1
    assert not (tree / "ran").exists()


def test_non_patch_in_a_directory_is_skipped(workdir: Path) -> None:
    folder = workdir / "out"
    folder.mkdir()
    for name in ("0001-a.patch", "0001-a.patch~", ".#0001-a.patch", "README"):
        (folder / name).write_text(CLEAN)
    (folder / "0000-cover-letter.patch").write_text(
        "From: Ada Fixer <ada@example.org>\nSubject: [PATCH 0/1] frob: all of it\n\nText.\n"
    )
    (folder / "notes.patch").write_text("what is still to be done\n")
    (folder / "sub.patch").mkdir()
    outcome = call("check --format json", folder)
    document = json.loads(outcome.out)
    assert (outcome.code, document["summary"]["patches"]) == (0, 1)
    assert (
        outcome.err
        == f"patchpilot: warning: {folder}/notes.patch:1: neither a mail nor a diff: skipped\n"
    )
    # a missing file, a directory without patches, and a truncated patch are errors
    assert call("check", folder / "notes.patch").code == 2
    (folder / "0002-b.patch").write_text("")
    assert call("check", folder).code == 2
    (folder / "0002-b.patch").write_text(CLEAN[: CLEAN.index("frob_start_wait")])
    assert call("check", folder).code == 1
    only = workdir / "only"
    only.mkdir()
    (only / "notes.patch").write_text("x\n")
    outcome = call("check", only)
    assert outcome.code == 2
    assert "no patches in this directory" in outcome.err


HEAVY = (
    "textual",
    "rich",
    "b4",
    "liblore",
    "requests",
    "git",
    "sqlite3",
    "email.message",
    "hashlib",
    "subprocess",
)


def test_check_imports_little(clean_patch: Path) -> None:
    program = (
        "import sys; from patchpilot.cli import main; "
        f"code = main.run(['check', '--format', 'text', {str(clean_patch)!r}]); "
        f"code = main.run(['check', {str(clean_patch)!r}]) if code == 0 else code; "
        f"print(code, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    # fill the caches
    for _ in range(2):
        outcome = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            env=dict(os.environ),
            check=True,
        )
    assert outcome.stderr.strip() == "0 []"


def test_explain_prints_the_rule_page() -> None:
    output = call("explain missing-fixes").out
    parts = [output.index(f"\n{word}") for word in ("Why", "Bad", "Good", "Fix", "Reference")]
    assert parts == sorted(parts)
    assert call("explain TAG001").out == output
    assert call("explain mising-fixes").code == 2


def test_rules_lists_every_rule_once() -> None:
    rules = json.loads(call("explain --format json").out)["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) > 60
    assert len([rule for rule in rules if rule["checkpatch"]]) >= 40
    output = call("explain").out
    assert all(rule["name"] in output for rule in rules)


def test_missing_patch_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("0001-typo.patch", "/nowhere/at/all"):
        outcome = call("check", name)
        assert outcome.code == ExitCode.USAGE
        assert f"{name}: no such file" in outcome.err


def test_folder_without_patches_is_an_error(tmp_path: Path) -> None:
    outcome = call("check", tmp_path)
    assert outcome.code == ExitCode.USAGE
    assert "no patches in this directory" in outcome.err


def test_output_file_is_replaced(tmp_path: Path) -> None:
    patch, report = tmp_path / "a.patch", tmp_path / "report"
    for text, there in ((DIRTY, True), (CLEAN, False)):
        patch.write_bytes(text if isinstance(text, bytes) else text.encode())
        call("check", patch, "--format", "checkpatch", "-o", report)
        assert bool(report.read_text()) is there


def test_message_finding_has_no_diff_line(
    workdir: Path,
) -> None:
    file = workdir / "unsigned.patch"
    file.write_text(DIRTY.replace(SIGN_OFF, "").replace("Signed-off-by", "Written-by"))
    (line,) = [line for line in call("check", file).out.splitlines() if "[no-sign-off]" in line]
    assert PATH not in line
    assert "+" not in call("check --select no-sign-off", file).out


def test_git_show_output_is_rejected(
    workdir: Path,
) -> None:
    file = workdir / "shown.patch"
    commit = "0123456789abcdef0123456789abcdef01234567"
    file.write_text(
        f"commit {commit} (HEAD)\nAuthor: Ada Fixer <ada@example.org>\n\n    frob: mend it\n\n"
        + build_file_diff(PATH, HUNK)
    )
    outcome = call("check", file)
    assert outcome.code == ExitCode.USAGE
    assert f"git format-patch -1 {commit[:12]}" in outcome.err


def test_bare_diff_notes_the_missing_message(workdir: Path, clean_patch: Path) -> None:
    file = workdir / "bare.diff"
    file.write_text(build_file_diff(PATH, HUNK))
    assert "(1 diff without a commit message)" in call("check", file).out
    assert "bare" not in call("check", clean_patch).out


def test_explain_shows_the_missing_tag() -> None:
    page = call("explain missing-fixes").out
    assert "Fixes: " in page.partition("Good")[2].partition("\nFix")[0]
    assert "--strict" in page.splitlines()[0]


def test_unknown_rule_suggests_the_list() -> None:
    assert "run `patchpilot explain` to list the rules" in call("explain zzzzqqqq").err


def test_maintainers_needs_a_diff(
    workdir: Path,
) -> None:
    (workdir / "MAINTAINERS").write_text(
        "FROB\nM:\tAda Fixer <ada@example.org>\nF:\tdrivers/frob/\n"
    )
    file = workdir / "talk.eml"
    file.write_text("From: Ada Fixer <ada@example.org>\nSubject: frob\n\nHello.\n")
    outcome = call("maintainers --tree", workdir, file)
    assert outcome.code == ExitCode.USAGE
    assert "-f FILE" in outcome.err


def test_crlf_message_is_checked(workdir: Path) -> None:
    file = workdir / "dos.patch"
    file.write_bytes(
        DIRTY.replace("Hello all", "As in commit 0123456 we wait").replace("\n", "\r\n").encode()
    )
    done = call("check --select malformed-commit-reference --format checkpatch", file).out
    assert f"{file}:6: ERROR:GIT_COMMIT_ID" in done
    assert not call(
        "check --checkpatch-compat --select malformed-commit-reference --format", "checkpatch", file
    ).out


@pytest.mark.parametrize("word", ["--published", "--shared", "--claim"])
def test_leave_to_rewrite_needs_fix(clean_patch: Path, word: str) -> None:
    outcome = call("check", word, clean_patch)
    assert outcome.code == ExitCode.USAGE
    assert f"check --fix {word}" in outcome.err


def test_checkpatch_habits_get_a_hint() -> None:
    outcome = call("check -g HEAD")
    assert outcome.code == ExitCode.USAGE
    assert "check HEAD" in outcome.err


def test_prose_with_colons_is_not_a_patch(workdir: Path) -> None:
    (workdir / "people").write_text(
        "ada:x:1000:1000:Ada Fixer:/home/ada:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n"
    )
    outcome = call("check", workdir / "people")
    assert outcome.code == ExitCode.USAGE
    assert "neither a mail nor a diff" in outcome.err


def test_strict_only_findings_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "a.patch"
    file.write_text(build_widget_patch(message="This patch repairs the widget.\n"))
    plain, strict = (
        json.loads(call("check", *arguments, "--format", "json", file).out)["summary"]
        for arguments in ((), ("--strict",))
    )
    more = strict["checks"] - plain["checks"]
    assert (plain["hidden"], strict["hidden"]) == (more, 0)
    assert more > 0
    assert f"note: {more} more with --strict" in call("check", file).err
    assert "--strict" not in call("check --strict", file).err


def test_uncommitted_changes_are_reported(workdir: Path) -> None:
    repo = Repo(workdir / "tree")
    repo.commit("first\n", {"a.c": "int a;\n", "b.c": "int b;\n"})
    repo.git("checkout -q -b topic")
    repo.commit("net: fix it\n\nText.\n", {"a.c": "int c;\n"})
    here = ("-C", str(repo.path), "--base", "HEAD~1")
    assert "not committed" not in call("check", *here).err
    (repo.path / "b.c").write_text("int d;\n")
    note = "note: changes in b.c are not committed, and were not checked"
    assert note in call("check", *here).err
    assert "not committed" not in call("check -q", *here).err
    assert "not committed" not in call("check", *here, "HEAD").err
    (repo.path / "a.c").write_text("int e;\n")
    assert "in a.c and 1 more file are not committed" in call("check", *here).err
