# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `check --format jsonl` prints a line for each patch as soon as it is checked."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from patchpilot.archive.local_mails import list_epochs
from patchpilot.model.mail import join_mbox
from tests.kit import patches
from tests.kit.archive import LOCAL, serve_archive
from tests.kit.cli import call
from tests.kit.mails import build_mail
from tests.kit.repos import Repo

KINDS = (*LOCAL, "epoch", "directory of files")
TRAILING = patches.DIFF.replace("rc = bar();", "rc = bar(); ")
ABOUT = (
    build_mail("Re: [PATCH] foo: one", "Looks good."),
    build_mail("Re: [PATCH] foo: one", f"Better like this:\n\n{patches.DIFF}"),
    build_mail(
        'Patch "foo: one" has been added to the 6.1-stable tree',
        "This is a note to let you know that I've just added the patch titled\n\n    foo:"
        f" one\n\nto the 6.1-stable tree\n\n{patches.DIFF}",
        sender="gregkh@linuxfoundation.org",
    ),
)
"""Messages about a patch that contain no patch."""
NAMES = [f"patch {number}" for number in range(1, 9)]


def make_patch(name: str, diff: str = patches.DIFF, message_id: str = "") -> bytes:
    patch_text = patches.build_patch_text(
        f"[PATCH] foo: {name}",
        diff=diff,
        headers={"Message-ID": f"<{message_id or name.replace(' ', '-')}@example.org>"},
    )
    return patch_text.encode().split(b"\n", 1)[1]


def make_source(source_kind: str, folder: Path, mails: list[bytes]) -> Path:
    if source_kind == "directory of files":
        folder.mkdir()
        for number, message in enumerate(mails):
            (folder / f"{number:04}.eml").write_bytes(message)
        return folder
    with serve_archive(
        LOCAL[0] if source_kind == "epoch" else source_kind, folder, *mails
    ) as archive:
        path = Path(archive.url)
    return list_epochs(path)[0] if source_kind == "epoch" else path


@pytest.fixture(params=KINDS)
def mail_source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_source(request.param, tmp_path / "mails", [make_patch(name) for name in NAMES])


def check_as_stream(*arguments: object, exit_code: int = 0) -> list[dict[str, Any]]:
    result = call("check --format jsonl", *arguments)
    assert result.code == exit_code, result.err
    return [json.loads(line) for line in result.out.splitlines()]


def test_every_patch_has_a_line(mail_source: Path) -> None:
    *rows, last = check_as_stream(mail_source)
    names = [line["subject"].removeprefix("foo: ") for line in rows]
    assert names in (NAMES, NAMES[::-1])
    assert [line["message_id"] for line in rows] == [
        f"{name.replace(' ', '-')}@example.org" for name in names
    ]
    assert last["summary"] == {
        "mails": 8, "patches": 8, "damaged": 0, "errors": 0, "warnings": 0, "checks": 0, "notes": 0,
        "waived": 0, "baselined": 0, "exit_code": 0
    }  # fmt: skip


def test_stream_matches_a_single_check(tmp_path: Path) -> None:
    mbox = tmp_path / "list.mbox"
    mbox.write_bytes(join_mbox([make_patch("one"), *ABOUT, make_patch("one", TRAILING, "two")]))
    first, two, last = check_as_stream(mbox, exit_code=1)
    assert [
        (finding["name"], finding["line"])
        for finding in two["findings"]
        if finding not in first["findings"]
    ] == [("trailing-space", 4)]
    (alone,) = json.loads(
        call("check --format json", write_mbox(tmp_path, make_patch("one", TRAILING, "two"))).out
    )["patches"]
    assert any("edits" in finding for finding in alone["findings"])
    assert two["findings"] == alone["findings"]
    assert (last["summary"]["mails"], last["summary"]["patches"]) == (5, 2)


def write_mbox(folder: Path, *mails: bytes) -> Path:
    file = folder / "other.mbox"
    file.write_bytes(join_mbox(mails))
    return file


def test_damaged_message_does_not_end_the_stream(
    tmp_path: Path,
) -> None:
    long_patch = make_patch("long", patches.DIFF + "+" + "x" * (1 << 20) + "\n")
    for number, content in enumerate(
        (make_patch("one"), long_patch, b"", b"what is this?\n", make_patch("two"))
    ):
        (tmp_path / f"{number}.eml").write_bytes(content)
    (tmp_path / "5.mbox").symlink_to("nowhere")
    *rows, last = check_as_stream(tmp_path, exit_code=2)
    assert [line.get("subject") or line["error"].replace(f"{tmp_path}/", "") for line in rows] == [
        "foo: one",
        "1.eml: line 27 too long: 1,048,577 bytes, the limit is 1,048,576",
        "2.eml: the file is empty",
        "3.eml:1: neither a mail nor a diff",
        "foo: two",
        "cannot read 5.mbox: No such file or directory",
    ]
    assert rows[1]["message_id"] == "long@example.org"
    assert last["summary"]["damaged"] == 4
    assert check_as_stream(tmp_path, "--fail-on", "never", exit_code=0)[:-1] == rows


def test_commits_have_lines_and_a_summary(
    tmp_path: Path,
) -> None:
    repo = Repo(tmp_path / "r")
    ids = [
        repo.commit(f"frob: step {number}", {"a.c": f"int a{number};\n"}) for number in (1, 2, 3)
    ]
    *rows, last = check_as_stream("-C", repo.path, f"{ids[0]}..HEAD", exit_code=1)
    assert [(line["position"], line["commit"]) for line in rows] == [(id_, id_) for id_ in ids[1:]]
    assert last["summary"]["patches"] == 2
    assert [finding["name"] for finding in last["series"]["findings"]] == ["fixes-earlier-patch"]


def test_unknown_rule_precedes_the_stream(tmp_path: Path) -> None:
    file = write_mbox(tmp_path, make_patch("one"))
    outcome = call("check --format jsonl", file, "--select", "nosuch")
    assert (outcome.code, outcome.out) == (2, "")
    assert "patchpilot: error: unknown rule 'nosuch'" in outcome.err


def start_check(*arguments: object, **popen_options: Any) -> "subprocess.Popen[bytes]":
    argv = [
        sys.executable,
        "-m",
        "patchpilot",
        "check",
        "--format",
        "jsonl",
        "--fail-on",
        "never",
        *map(str, arguments),
    ]
    return subprocess.Popen(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        **popen_options,
    )


def test_lines_are_streamed() -> None:
    process = start_check("-", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(
        join_mbox([make_patch("one"), make_patch("two"), make_patch("three")]) + b"x" * (1 << 20)
    )
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["subject"] == "foo: one"
    out, _ = process.communicate(timeout=60)
    assert [json.loads(line).get("subject") for line in out.splitlines()] == [
        "foo: two",
        "foo: three",
        None,
    ]


def list_workers(session: int) -> list[int]:
    """Return the processes of a session. Its leader is omitted."""
    result = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and int(folder.name) != session and fields[0] != "Z":
            result.append(int(folder.name))
    return result


@pytest.mark.parametrize(
    ("sign", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)],
)
def test_interrupt_leaves_no_process(tmp_path: Path, sign: signal.Signals, code: int) -> None:
    file = write_mbox(tmp_path, *(make_patch(f"patch {number}") for number in range(2000)))
    process = start_check(file, "--jobs", "2")
    with process:
        assert process.stdout is not None
        for _ in range(40):
            process.stdout.readline()
        assert len(list_workers(process.pid)) == 2
        if sign == signal.SIGINT:
            os.killpg(process.pid, sign)
        else:
            process.send_signal(sign)
        _, error_output = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"Traceback" not in error_output
    assert have_workers_ended(process.pid)


def have_workers_ended(session: int) -> bool:
    deadline = time.monotonic() + 20
    while list_workers(session) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not list_workers(session)


def test_series_rules_run_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from patchpilot.lint.lint_context import Context
    from patchpilot.model.mail import parse_patch
    from patchpilot.model.patch import Series

    series = Series(tuple(parse_patch(make_patch(name), name) for name in NAMES))
    runs: list[int] = []

    def count_series_checks(patches: tuple[Any, ...]) -> int:
        runs.append(len(patches))
        return len(patches)

    assert [
        Context(patch, series).cache_for_series("number", count_series_checks)
        for patch in series.patches
    ] == [len(NAMES)] * len(NAMES)
    assert runs == [len(NAMES)]
    assert Context(series.patches[0]).cache_for_series("number", count_series_checks) == 1
