# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `check --fix` and `--diff` on patch files.

The tests cover output and errors, and that either all files are changed or none.
"""

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest

from patchpilot.lint.fixing.fixer import LONGEST_LINE
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.snippets import PATH, PROSE, SIGN_OFF, build_file_diff, mail
from tests.kit.topics import SIGNED

UNTIDY = (
    " \tint ret;\n"
    " \n"
    "-\tret = frob_start(frob);\n"
    "+\tret = frob_start(frob,1 );  \n"
    " \tif (ret)\n"
    " \t\treturn ret;\n"
    " "
)


def make_patch(
    subject: str = "frob: wait for the link", body: str = UNTIDY, path: str = PATH
) -> str:
    return mail(subject, f"{PROSE}\n\n{SIGN_OFF}", build_file_diff(path, body))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "0001-frob.patch"
    file.write_text(make_patch())
    return file


def test_fix_changes_only_the_added_line(file: Path) -> None:
    file.chmod(0o640)
    before = file.read_text().split("\n")
    outcome = call("check --fix", file)
    after = file.read_text().split("\n")
    assert outcome.code == 0
    assert [(old, two) for old, two in zip(before, after, strict=True) if old != two] == [
        ("+\tret = frob_start(frob,1 );  ", "+\tret = frob_start(frob, 1);")
    ]
    assert file.stat().st_mode & 0o777 == 0o640
    assert "3 findings fixed, 0 remain" in outcome.out
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_json_lists_the_fixes(file: Path) -> None:
    body = json.loads(call("check --fix --format json", file).out)
    assert {patch["name"] for patch in body["patches"][0]["fixed"]} == {
        "no-space-after-comma",
        "space-inside-brackets",
        "trailing-space",
    }
    assert body["patches"][0]["fixed"][0]["patch_line"] == 20
    assert body["patches"][0]["findings"] == []
    assert body["fix"]["written"] == [str(file)]
    assert body["summary"]["exit_code"] == 0


LEFT = {
    "bug-call": "its fix is only a suggestion",
    "long-line": f"its line has more than {LONGEST_LINE} characters",
    "no-space-after-comma": f"its line has more than {LONGEST_LINE} characters",
    "trailing-space": "a later patch depends on this line",
    "possible-misspelling": "no fix is certain here",
}


def test_unfixed_finding_has_a_reason(tmp_path: Path) -> None:
    long = f"+\tfrob_set(frob, {'1,' * LONGEST_LINE}0);"
    added = [
        "+\t/* the name of a occured link */",
        "+\tBUG();",
        long,
        "+\tret = frob_start(frob); ",
    ]
    body = "\n".join([" \tint ret;", " ", *added, " \tif (ret)", " \t\treturn ret;", " "])
    needs = (
        " \tret = frob_start(frob); \n+\tret += frob_begin(frob);\n \tif (ret)\n \t\treturn ret;\n "
    )
    for number, line in enumerate(
        (
            make_patch('[PATCH 1/2] frob: keep "occured"', body),
            make_patch("[PATCH 2/2] frob: b", needs),
        ),
        1,
    ):
        (tmp_path / f"000{number}.patch").write_text(line)
    done = json.loads(call("check --fix --strict --format json", tmp_path).out)
    assert {
        each["name"]: each["left"]
        for each in done["patches"][0]["findings"]
        if each["name"] in LEFT
    } == LEFT
    preview = json.loads(call("check --diff --strict --format json", tmp_path).out)
    assert {
        each["name"]: each["left"]
        for each in preview["patches"][0]["findings"]
        if each["name"] in LEFT
    } == LEFT
    assert (
        "\n    not fixed: a later patch depends on this line\n" in call("check --fix", tmp_path).out
    )


def test_diff_can_be_applied_and_writes_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    before = file.read_bytes()
    outcome = call("check --diff", file.name)
    assert outcome.code == 1
    assert file.read_bytes() == before
    assert "3 findings would be fixed" in outcome.err
    subprocess.run(["git", "apply", "-p0"], input=outcome.out, text=True, check=True)
    patched = file.read_bytes()
    file.write_bytes(before)
    call("check --fix", file)
    assert file.read_bytes() == patched


def test_standard_input_is_not_truncated(monkeypatch: pytest.MonkeyPatch) -> None:
    mails = b"".join(
        b"From x Thu Jan  1 00:00:00 2026\n"
        + make_patch(f"frob: wait for link {index}").encode()
        + b"\n"
        for index in range(3)
    )
    # the size limit is lower for a message than for an mbox
    monkeypatch.setattr("patchpilot.model.mail.MAX_MAIL", len(mails) // 2)
    outcome = call("check --fix -", stdin=mails)
    assert outcome.out.count("frob_start(frob, 1);") == 3
    monkeypatch.setattr("patchpilot.commits.range.MAX_INPUT", len(mails) - 1)
    outcome = call("check --fix -", stdin=mails)
    assert (outcome.code, outcome.out) == (2, "")
    assert "larger than" in outcome.err


def test_fixed_stdin_is_written_to_stdout(file: Path) -> None:
    outcome = call("check --fix -", stdin=file.read_bytes())
    call("check --fix", file)
    assert outcome.out == file.read_text()
    assert " fixed, " in outcome.err
    clean_outcome = call("check --fix -", stdin=file.read_bytes())
    assert clean_outcome.out == file.read_text()


@pytest.mark.parametrize(
    "options",
    [
        ("--fix", "--diff"),
        ("--fix", "--checkpatch-compat"),
        ("--diff", "--format", "sarif"),
    ],
)
def test_incompatible_options_are_refused(file: Path, options: tuple[str, ...]) -> None:
    assert call("check", *options, file).code == 2


def test_unfixable_targets_are_refused(tmp_path: Path, file: Path) -> None:
    import gzip

    zipped = tmp_path / "a.mbox.gz"
    zipped.write_bytes(gzip.compress(file.read_bytes()))
    assert "gunzip" in (outcome := call("check --fix", zipped)).err
    assert outcome.code == 2
    outcome = call("check --fix https://lore.kernel.org/all/a@b/")
    assert (outcome.code, "archive" in outcome.err) == (2, True)


def test_unwritable_file_stops_the_whole_fix(tmp_path: Path, file: Path) -> None:
    other_file = tmp_path / "0002-frob.patch"
    other_file.write_text(make_patch("frob: wait again", path="drivers/frob/two.c"))
    before = file.read_bytes()
    other_file.chmod(0o444)
    outcome = call("check --fix", file, other_file)
    assert (outcome.code, "read-only" in outcome.err, file.read_bytes()) == (
        2,
        True,
        before,
    )
    other_file.unlink()
    (tmp_path / "real").write_bytes(before)
    other_file.symlink_to(tmp_path / "real")
    outcome = call("check --fix", file, other_file)
    assert (outcome.code, "is a symbolic link" in outcome.err, file.read_bytes()) == (
        2,
        True,
        before,
    )
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "0001-frob.patch",
        "0002-frob.patch",
        "real",
    ]


def test_failed_write_restores_all_files(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_file = tmp_path / "0002-frob.patch"
    other_file.write_text(make_patch("frob: wait again", path="drivers/frob/two.c"))
    before = (file.read_bytes(), other_file.read_bytes())
    real = Path.replace

    def fail_to_write(self: Path, target: Path) -> Path:
        if target == other_file:
            raise OSError(28, "No space left on device", str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", fail_to_write)
    outcome = call("check --fix", file, other_file)
    assert (outcome.code, (file.read_bytes(), other_file.read_bytes())) == (2, before)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("form", ["base64", "quoted-printable", "flowed", "dos"])
def test_encoded_message_is_not_changed(file: Path, form: str) -> None:
    head, _, body = make_patch().partition("\n\n")
    if form == "base64":
        text = (
            f"{head}\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding:"
            f" base64\n\n{base64.encodebytes(body.encode()).decode()}"
        )
    elif form == "quoted-printable":
        text = f"{head}\nContent-Transfer-Encoding: quoted-printable\n\n{body.replace('=', '=3D')}"
    elif form == "flowed":
        text = f"{head}\nContent-Type: text/plain; format=flowed\n\n{body}"
    else:
        text = make_patch().replace("\n", "\r\n")
    file.write_bytes(text.encode())
    outcome = call("check --fix", file)
    assert file.read_bytes() == text.encode()
    assert "not changed" in outcome.out
    assert outcome.code == 1


def test_mbox_messages_are_fixed_in_place(tmp_path: Path) -> None:
    mbox_file = tmp_path / "series.mbox"
    first, second = (
        make_patch("[PATCH 1/2] frob: wait for the link"),
        make_patch("[PATCH 2/2] frob: wait again", path="drivers/frob/two.c"),
    )
    mbox_file.write_text(first + "\n" + second)
    assert call("check --fix", mbox_file).code == 0
    fixed = [mail.replace("(frob,1 );  ", "(frob, 1);") for mail in (first, second)]
    assert mbox_file.read_text() == fixed[0] + "\n" + fixed[1]


def test_quoted_from_line_stays_quoted(tmp_path: Path) -> None:
    mbox_file = tmp_path / "series.mbox"
    patch_text = (
        make_patch()
        .split("\n", 1)[1]
        .replace("early. Wait", "early.\n>From here on it waits. Wait")
    )
    mbox_file.write_text(f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{patch_text}")
    call("check --fix", mbox_file)
    assert mbox_file.read_text() == f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{patch_text}".replace(
        "(frob,1 );  ", "(frob, 1);"
    )


def test_non_utf8_bytes_are_kept(file: Path) -> None:
    raw_mail = (
        make_patch()
        .encode()
        .replace(b"Old boards", b"Old bo\xe4rds")
        .replace(b"\tif (ret)", b"\tif (ret) /* \xff */")
    )
    file.write_bytes(raw_mail)
    call("check --fix", file)
    assert file.read_bytes() == raw_mail.replace(b"(frob,1 );  ", b"(frob, 1);")


def test_line_needed_by_a_later_patch_is_not_fixed(tmp_path: Path, file: Path) -> None:
    later = " \n \tint ret;\n \n \tret = frob_start(frob,1 );  \n+\tfrob_end(frob,2 );\n \tif (ret)"
    other_file = tmp_path / "0002-frob.patch"
    other_file.write_text(make_patch("frob: end it", later))
    outcome = call("check --fix", file, other_file)
    assert "3 not fixed: a later patch depends on these lines" in outcome.out
    assert file.read_text() == make_patch()
    assert "frob_end(frob, 2);" in other_file.read_text()


@pytest.mark.parametrize("kind", ["rename", "copy"])
def test_line_needed_after_a_rename_is_not_fixed(tmp_path: Path, file: Path, kind: str) -> None:
    new, last = "drivers/frob/link.c", "drivers/frob/wait.c"
    lines = " \n \tint ret;\n \n \tret = frob_start(frob,1 );  "
    changes = [
        (
            f"diff --git a/{PATH} b/{new}\nsimilarity index 100%\n{kind} from {PATH}\n{kind} to"
            f" {new}\n"
        ),
        (
            f"diff --git a/{new} b/{last}\nsimilarity index 100%\n{kind} from {new}\n{kind} to"
            f" {last}\n"
        ),
        build_file_diff(last, f"{lines}\n+\tfrob_end(frob,2 );\n \tif (ret)"),
    ]
    others = [tmp_path / f"000{number}-frob.patch" for number in (2, 3, 4)]
    for other, change in zip(others, changes, strict=True):
        other.write_text(mail("frob: name it after what it does", f"{PROSE}\n\n{SIGN_OFF}", change))
    outcome = call("check --fix", file, *others)
    assert "3 not fixed: a later patch depends on these lines" in outcome.out
    assert file.read_text() == make_patch()
    assert "frob_end(frob, 2);" in others[-1].read_text()


def test_nothing_to_fix_writes_nothing(file: Path) -> None:
    call("check --fix", file)
    stamp = os.stat(file)
    outcome = call("check --fix", file)
    assert (outcome.code, os.stat(file).st_ino) == (0, stamp.st_ino)
    assert "0 findings fixed" in outcome.out
    assert call("check --diff", file).out == ""


def test_fix_works_with_an_unborn_head(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("frob: start\n", {"frob.c": "int a;\n"})
    repo.branch("topic")
    repo.commit(
        f"frob: call it\n\nNobody calls it. Call it.\n\n{SIGNED}",
        {"frob.c": "int a;\nint f( void);\n"},
    )
    repo.git("symbolic-ref HEAD refs/heads/unborn")
    outcome = call("check --fix -C", repo.path, "topic~1..topic")
    assert "1 finding fixed" in outcome.out + outcome.err
    assert repo.git("show topic:frob.c").endswith("int f(void);")


def test_fixes_tag_stays_above_the_sign_off(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    first_commit = repo.commit("frob: start\n", {"frob.c": "int a;\n"})
    tags = f'{SIGNED}\nFixes: {first_commit[:12]} ("frob: start")'
    repo.commit(
        f"frob: fix it\n\nIt is wrong. Do it right.\n\n{tags}\n",
        {"frob.c": "int a;\nint f( void);\n"},
    )
    call("check --fix --strict -C", repo.path, "HEAD")
    assert repo.git("log -1 --format=%B").rstrip().endswith(tags)
