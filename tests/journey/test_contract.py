# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the command-line interface that scripts, CI jobs and b4 rely on."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import IDENTITY
from tests.kit import patches
from tests.kit.cli import Outcome, call, start_and_wait
from tests.kit.repos import Repo

BROKEN = "int rc;\n\nint foo(void)\n{\n\trc = bar();\n\treturn 0;\n}\n"
FIXED = BROKEN.replace("return 0", "return rc")
MESSAGE = """foo: hand up the error of bar()

The caller needs to know when bar() fails, or it goes on with half of the
device set up. Hand the error up.

Fixes: {culprit} ("foo: add foo")
Signed-off-by: Ada Fixer <ada@example.org>
"""
MAINTAINERS = """\
List of maintainers

FOO DRIVER
M:	Matt Maintainer <matt@example.com>
R:	Rita Reviewer <rita@example.net>
L:	foo@lists.example.org
S:	Maintained
W:	https://foo.example.org
Q:	https://patchwork.example.org/foo
B:	https://bugs.example.org
C:	irc://irc.example.org/foo
P:	Documentation/foo.rst
T:	git git://git.example.org/foo.git
F:	drivers/foo/
X:	drivers/foo/README
N:	foofoo
K:	\\bfoo_magic\\b
"""


@pytest.fixture(scope="module")
def sample_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with releases, two stable branches and a topic with one fix."""
    folder = tmp_path_factory.mktemp("contract")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            **IDENTITY,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
        }.items():
            patch.setenv(name, value)
        repo = Repo(folder / "linux")
        repo.commit(
            "start",
            {
                "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n",
                "MAINTAINERS": MAINTAINERS,
                "Kconfig": "",
                "drivers/foo/README": "x\n",
            },
        )
        repo.tag("v6.1")
        culprit = repo.commit(
            "foo: add foo\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            {"drivers/foo/foo.c": BROKEN},
        )
        repo.tag("v6.2")
        for name, branch_start in (("linux-6.1.y", "v6.1"), ("linux-6.2.y", "v6.2")):
            repo.git(
                "update-ref",
                f"refs/remotes/stable/{name}",
                f"{branch_start}^{{commit}}",
            )
        repo.git("update-ref refs/remotes/origin/master HEAD")
        repo.branch("topic")
        repo.commit(MESSAGE.format(culprit=culprit[:12]), {"drivers/foo/foo.c": FIXED})
        repo.git("format-patch -q -1 -o", str(folder / "out"))
    return folder


@pytest.fixture
def repo(sample_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the repository. The patch file is in `out` next to the copy."""
    shutil.copytree(sample_repository, tmp_path / "w", symlinks=True)
    monkeypatch.chdir(tmp_path / "w" / "linux")
    return tmp_path / "w" / "linux"


def write_patch(repo: Path) -> Path:
    (file,) = (repo.parent / "out").iterdir()
    return file


CALLS: dict[str, tuple[str, ...]] = {
    "check": ("check", "HEAD"),
    "maintainers": ("maintainers", "HEAD"),
    "fixes": ("fixes", "HEAD"),
    "stable": ("stable", "HEAD"),
    "backport": ("backport", "HEAD", "--effort", "0"),
    "prepare": ("prepare", "--dry-run"),
    "undo": ("undo", "list"),
    "send": ("send", "--dry-run"),
    "draft": ("draft",),
    "track": ("track",),
    "lts": ("setup", "stable", "--offline"),
    "hooks": ("setup", "hooks"),
    "doctor": ("doctor", "--offline"),
    "config": ("config",),
    "rules": ("explain",),
    "explain": ("explain", "TAG003"),
    "facts": ("explain", "--path", "drivers/iio"),
}
"""A call for each document; none changes anything but hooks."""
REPOSITORY = tuple(
    name
    for name in CALLS
    if name not in ("track", "lts", "config", "rules", "explain", "facts", "doctor")
)
TEXT, MAYBE, FLAG, NUMBER = str, (str, type(None)), bool, (int, float)
FINDING = {
    "rule": TEXT,
    "name": TEXT,
    "checkpatch": MAYBE,
    "severity": {"error", "warning", "check", "note"},
    "message": TEXT,
    "patch_line": (int, type(None)),
    "path": MAYBE,
    "line": (int, type(None)),
    "column": (int, type(None)),
    "reference": MAYBE,
    "fix": (dict, type(None)),
}
SHAPES: dict[str, Any] = {
    "check": {
        "patchpilot": TEXT,
        "repository": MAYBE,
        "summary": {
            "patches": int,
            "errors": int,
            "warnings": int,
            "checks": int,
            "notes": int,
            "exit_code": int,
        },
        "patches": [{"source": TEXT, "commit": MAYBE, "subject": TEXT, "findings": [FINDING]}],
        "series": {"findings": [FINDING]},
    },
    "maintainers": {
        "results": [
            {
                "source": TEXT,
                "recipients": [
                    {
                        "name": TEXT,
                        "email": TEXT,
                        "role": TEXT,
                        "section": MAYBE,
                        "header": {"to", "cc"},
                        "reasons": [TEXT],
                    }
                ],
                "sections": [{"name": TEXT, "status": TEXT, "trees": [TEXT], "lists": [TEXT]}],
            }
        ]
    },
    "fixes": {
        "commit": TEXT,
        "present": [{"tag": TEXT, "problems": [TEXT]}],
        "candidates": [
            {
                "commit": TEXT,
                "tag": TEXT,
                "confidence": NUMBER,
                "evidence": [TEXT],
                "first_release": MAYBE,
            }
        ],
    },
    "stable": {
        "lines": [TEXT],
        "eligible": FLAG,
        "reasons": [TEXT],
        "branches": [{"version": TEXT, "affected": FLAG, "culprit_as": MAYBE}],
    },
    "backport": {
        "commit": TEXT,
        "culprits": [TEXT],
        "branches": [
            {
                "branch": TEXT,
                "version": TEXT,
                "tip": TEXT,
                "verdict": {
                    "already-fixed",
                    "not-affected",
                    "clean",
                    "clean-3way",
                    "conflict",
                    "unknown",
                },
                "affected": (bool, type(None)),
                "applies": {"clean", "clean-3way", "conflict", None},
                "landed_as": MAYBE,
                "queued": FLAG,
                "culprit_as": MAYBE,
                "reason": TEXT,
                "conflicts": [{"path": TEXT, "line": (int, type(None))}],
                "prerequisites": [{"commit": TEXT, "subject": TEXT}],
                "search": {"found", "partial", "gave-up", "none", None},
                "commands": [TEXT],
            }
        ],
    },
    "send": {
        "state": {"planned", "sent", "partial", "failed", "refused"},
        "messages": [
            {
                "message_id": TEXT,
                "subject": TEXT,
                "to": [TEXT],
                "cc": [TEXT],
                "state": {"pending", "accepted", "rejected", "unknown"},
                "detail": TEXT,
            }
        ],
        "refusals": [dict],
    },
    "track": {"series": [dict]},
    "config": {"settings": [{"name": TEXT, "value": TEXT, "origin": TEXT}]},
    "rules": {"rules": [dict]},
    "explain": {"rules": [dict]},
    "facts": {"facts": [{"label": TEXT, "value": TEXT, "source": TEXT}]},
}


def find_mismatches(value: Any, expected_shape: Any, location: str = "") -> list[str]:
    if isinstance(expected_shape, dict):
        if not isinstance(value, dict):
            return [f"{location}: no object"]
        return [
            mismatch
            for key, part_shape in expected_shape.items()
            for mismatch in (
                find_mismatches(value[key], part_shape, f"{location}.{key}")
                if key in value
                else [f"{location}.{key}: missing"]
            )
        ]
    if isinstance(expected_shape, list):
        return (
            [
                mismatch
                for item_index, item in enumerate(value)
                for mismatch in find_mismatches(
                    item, expected_shape[0], f"{location}[{item_index}]"
                )
            ]
            if isinstance(value, list)
            else [f"{location}: no list"]
        )
    if isinstance(expected_shape, set):
        return [] if value in expected_shape else [f"{location}: {value!r}"]
    return [] if isinstance(value, expected_shape) else [f"{location}: {value!r}"]


def walk_texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk_texts(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from walk_texts(item, name)
    elif isinstance(value, str):
        yield name, value


def strip_variable_parts(preview_text: str) -> str:
    """Remove the parts of a preview that are different in each run."""
    return re.sub(r"-[0-9a-f]{12}\b|\d\d:\d\d:\d\d", "", preview_text)


@pytest.mark.parametrize("command", CALLS)
def test_every_command_prints_valid_json(repo: Path, command: str) -> None:
    outcome = call(*CALLS[command], "--format", "json")
    document = json.loads(outcome.out)
    assert document["schema"] == f"patchpilot/{command}/1"
    assert find_mismatches(document, SHAPES.get(command, {})) == []
    ids = {
        "commit",
        "commits",
        "tip",
        "landed_as",
        "culprit_as",
        "culprits",
        "old",
        "new",
    }
    short = [
        (key, text)
        for key, text in walk_texts(document)
        if key in ids and not re.fullmatch(r"[0-9a-f]{40}", text)
    ]
    assert short == []
    absolute = [
        text
        for key, text in walk_texts(document)
        if key == "path" and text.startswith(("/", "a/", "b/"))
    ]
    assert absolute == []


@pytest.mark.parametrize("command", REPOSITORY)
def test_option_c_is_accepted_everywhere(
    repo: Path, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    # use a fixed date, because a preview contains the ids of the new commits
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2024-03-04T10:00:00Z")
    arguments = (*CALLS[command], "--format", "json")
    before, after = call("-C", repo, *arguments), call(*arguments, f"--repo={repo}")
    assert before.code == after.code in (0, 1)
    assert strip_variable_parts(before.out) == strip_variable_parts(after.out)


@pytest.mark.parametrize("command", REPOSITORY)
def test_missing_repository_exits_with_3(command: str, workdir: Path) -> None:
    for words in (CALLS[command], (*CALLS[command], "-C", str(workdir / "nowhere"))):
        outcome = call(*words)
        assert (outcome.code, outcome.out) == (3, "")
        assert re.match(r"patchpilot: error: .+\nhint: .+", outcome.err)


@pytest.mark.parametrize("command", CALLS)
def test_unknown_profile_suggests_the_nearest(repo: Path, command: str) -> None:
    outcome = call(*CALLS[command], "--profile", "linxu")
    assert (outcome.code, outcome.out) == (2, "")
    assert "did you mean 'linux'" in outcome.err


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("check", "--select", "malformed-fixs", "HEAD"), "malformed-fixes"),
        (("check", "--ignore", "BAD_FIXES_TAGS", "HEAD"), "BAD_FIXES_TAG"),
        (("explain", "malformed-fixs"), "malformed-fixes"),
        (("backport", "HEAD", "--onto", "stable/linux-6.3.y"), "stable/linux-6."),
        (("check", "topik"), "topic"),
        (("maintainers", "topik"), "topic"),
        (("fixes", "topik"), "topic"),
        (("stable", "topik"), "topic"),
        (("prepare", "topik", "--dry-run"), "topic"),
        (("send", "--dry-run", "origin/mastre..HEAD"), "origin/master"),
        (("config", "vai"), "via"),
        (("chekc",), "check"),
    ],
)
def test_unknown_word_exits_with_2(repo: Path, words: tuple[str, ...], near: str) -> None:
    outcome = call(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert near in outcome.err.lower() or near in outcome.err


@pytest.mark.parametrize(
    ("name", "value", "near"),
    [
        ("fail-on", "eror", "error"),
        ("via", "b5", "b4"),
        ("profile", "netdve", "netdev"),
    ],
)
def test_invalid_setting_exits_with_2(repo: Path, name: str, value: str, near: str) -> None:
    subprocess.run(["git", "config", f"patchpilot.{name}", value], check=True)
    for words in (CALLS["check"], CALLS["backport"], CALLS["send"]):
        outcome = call(*words)
        assert (outcome.code, outcome.out) == (2, "")
        assert near in outcome.err
    assert call("config", name).out == f"{value}\n"


def test_binary_tree_file_exits_with_2(repo: Path) -> None:
    (repo / ".patchpilot.toml").write_bytes(b'profile = "\xff"\n')
    outcome = call("check --tree", repo, "-", stdin=patches.build_patch_text().encode())
    assert (outcome.code, outcome.out) == (2, "")
    assert ".patchpilot.toml" in outcome.err


@pytest.mark.parametrize("command", CALLS)
def test_option_o_matches_stdout(repo: Path, command: str, tmp_path: Path) -> None:
    reported_outcome = call(*CALLS[command], "--no-color")
    written_outcome = call(*CALLS[command], "--no-color", "-o", tmp_path / "out")
    assert (written_outcome.code, written_outcome.out) == (reported_outcome.code, "")
    assert strip_variable_parts((tmp_path / "out").read_text()) == strip_variable_parts(
        reported_outcome.out
    )
    full = call(*CALLS[command], "--output", tmp_path / "none" / "out")
    assert (full.code, full.out) == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["check", "maintainers", "rules"])
def test_full_disk_and_closed_pipe_have_exit_codes(repo: Path, command: str) -> None:
    outcome = call(*CALLS[command], "-o", "/dev/full")
    assert (outcome.code, outcome.out) == (2, "")
    reading, writing = os.pipe()
    os.close(reading)
    left = subprocess.run(
        [sys.executable, "-m", "patchpilot", *CALLS[command]],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (left.returncode, left.stderr) == (141, b"")


@pytest.mark.parametrize("command", CALLS)
def test_unknown_option_exits_with_2(repo: Path, command: str) -> None:
    for arguments in (("--no-such-option",), ("--format", "yaml")):
        outcome = call(*CALLS[command], *arguments)
        assert (outcome.code, outcome.out) == (2, ""), arguments


def make_targets(repo: Path) -> dict[str, tuple[tuple[str, ...], bytes]]:
    """Return a TARGET of every kind for the topic's fix, and the standard input for it."""
    patch = write_patch(repo)
    (repo.parent / "one.mbox").write_bytes(patch.read_bytes())
    (repo.parent / "one.mbox.gz").write_bytes(gzip.compress(patch.read_bytes()))
    plain_targets: dict[str, tuple[tuple[str, ...], bytes]] = {
        "commit": (("HEAD",), b""),
        "range": (("origin/master..HEAD",), b""),
        "open range": (("origin/master..",), b""),
        "branch": (("topic",), b""),
        "file": ((str(patch),), b""),
        "directory": ((str(patch.parent),), b""),
        "mbox": ((str(repo.parent / "one.mbox"),), b""),
        "gzip": ((str(repo.parent / "one.mbox.gz"),), b""),
        "standard input": (("-",), patch.read_bytes()),
        "packed standard input": (("-",), gzip.compress(patch.read_bytes())),
        "none": ((), b""),
    }
    return plain_targets


@pytest.mark.parametrize("command", ["check", "maintainers"])
def test_all_targets_give_the_same_patch(repo: Path, command: str) -> None:
    for kind, (words, stdin) in make_targets(repo).items():
        outcome = call(command, "--format", "json", *words, stdin=stdin)
        document = json.loads(outcome.out)
        assert len(document["patches" if command == "check" else "results"]) == 1, kind
        if command == "check":
            assert document["patches"][0]["subject"] == "foo: hand up the error of bar()"
            assert (document["repository"] is None) is (
                kind not in ("commit", "range", "open range", "branch", "none")
            ), kind
        else:
            assert {result["email"] for result in document["results"][0]["recipients"]} >= {
                "matt@example.com",
                "foo@lists.example.org",
            }, kind


def test_several_targets_are_accepted(repo: Path) -> None:
    done = json.loads(call("check --format json HEAD", write_patch(repo), "HEAD~1").out)
    assert len(done["patches"]) == 3


def test_missing_base_hint_shows_how_to_set_it(repo: Path) -> None:
    every = (
        "git for-each-ref --format='delete %(refname)' refs/heads refs/remotes | grep -v $(git"
        " symbolic-ref HEAD)$ | git update-ref --stdin"
    )
    subprocess.run(every, shell=True, check=True)
    for command in ("check", "prepare", "send", "draft"):
        outcome = call(command, *(("--dry-run",) if command in ("prepare", "send") else ()))
        assert (outcome.code, outcome.out) == (2, ""), command
        assert "--base" in outcome.err
    assert call("check --base HEAD~1").code in (0, 1)


def test_checkpatch_format_is_silent_without_findings(
    repo: Path,
) -> None:
    result = start_and_wait(
        "check",
        "--format",
        "checkpatch",
        "--select",
        "tags",
        "-",
        stdin=write_patch(repo).read_bytes(),
    )
    assert result == Outcome(0, "", "")
    outcome = start_and_wait(
        "check",
        "--format",
        "checkpatch",
        "-",
        stdin=write_patch(repo).read_bytes().replace(b"Signed-off-by:", b"Signed-of-by:"),
    )
    assert outcome.err == ""
    assert re.fullmatch(r"(-:\d+: (ERROR|WARNING|CHECK):[A-Z0-9_]+: [^\n]+\n)+", outcome.out)


def test_strict_and_fail_on_set_the_exit_code(repo: Path) -> None:
    patch = write_patch(repo)
    text = (
        patch.read_text()
        .replace("+\treturn rc;", "+\tif (rc == NULL)\n+\t\treturn rc;")
        .replace("@@ -3,5 +3,5 @@", "@@ -3,5 +3,6 @@")
    )
    patch.write_text(text)
    plain, strict = (
        call("check --format checkpatch --select COMPARISON_TO_NULL", *more, patch)
        # --noise 0: the format also prints what the text shows
        for more in (("--noise", "0"), ("--strict",))
    )
    assert (plain.out, ":CHECK:" in strict.out or ": CHECK:" in strict.out) == (
        "",
        True,
    )
    codes = [
        call("check --strict --select COMPARISON_TO_NULL --fail-on", limit, patch).code
        for limit in ("error", "warning", "check", "never")
    ]
    assert codes == [0, 0, 1, 0]


def test_missing_data_exits_with_3(repo: Path) -> None:
    assert call("check --data", repo / "nowhere", "HEAD").code == 3
    assert call("check --tree", repo / "nowhere", write_patch(repo)).code == 3


def test_color_obeys_option_and_no_color(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patch = write_patch(repo)
    patch.write_text(patch.read_text().replace("Signed-off-by:", "Signed-of-by:"))
    assert "\x1b[" in call("check --color", patch).out
    assert "\x1b[" not in call("check --no-color", patch).out
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b[" not in call("check", patch).out
    assert "\x1b[" not in call("check --color --format json", patch).out


@pytest.mark.parametrize("command", ["check", "maintainers", "rules"])
def test_machine_output_is_utf_8(repo: Path, command: str) -> None:
    for arguments in (("--format", "json"), ()):
        outcome = subprocess.run(
            [sys.executable, "-m", "patchpilot", *CALLS[command], *arguments],
            env={
                **os.environ,
                "LC_ALL": "C",
                "PYTHONUTF8": "0",
                "PYTHONCOERCECLOCALE": "0",
                "PYTHONIOENCODING": "latin-1",
            },
            capture_output=True,
            check=False,
        )
        assert outcome.returncode in (0, 1), outcome.stderr
        if arguments:
            json.loads(outcome.stdout.decode("utf-8"))
        assert b"bug" not in outcome.stderr


@pytest.mark.parametrize("command", ["check", "backport", "track", "draft"])
def test_read_only_home_is_accepted(repo: Path, command: str) -> None:
    home = {
        name: f"/proc/nowhere/{name}"
        for name in (
            "HOME",
            "XDG_STATE_HOME",
            "XDG_CACHE_HOME",
            "XDG_DATA_HOME",
            "XDG_CONFIG_HOME",
        )
    }
    outcome = subprocess.run(
        [sys.executable, "-m", "patchpilot", *CALLS[command]],
        env={**os.environ, **IDENTITY, **home},
        capture_output=True,
        check=False,
    )
    assert outcome.returncode in ((2,) if command in ("track", "draft") else (0, 1)), outcome.stderr
    assert b"XDG_STATE_HOME" in outcome.stderr or outcome.returncode < 2


def test_message_file_can_have_any_name(repo: Path) -> None:
    name = os.fsdecode(b"na\xefve.mbox")
    (repo / name).write_bytes(
        b"Message-ID: <x@example.org>\n" + write_patch(repo).read_bytes().split(b"\n", 1)[1]
    )
    assert call("track add --mbox", name).code == 0
    assert call("track update").code == 0


@pytest.mark.parametrize("command", ["fixes", "stable", "prepare", "trailers", "backport"])
def test_other_object_types_are_reported(repo: Path, command: str) -> None:
    more = ("--dry-run",) if command in ("prepare", "trailers") else ()
    mails = (
        "<x@example.org>",
        "https://lore.example.org/all/x@example.org/",
        "../out/" + write_patch(repo).name,
    )
    # backport is an exception, because it also accepts messages and patches
    for word in () if command == "backport" else mails:
        outcome = call(command, word, *more)
        assert (outcome.code, outcome.out) == (2, ""), (word, outcome.err)
        assert "git am" in outcome.err
    gone = call(command, "../out/9999-gone.patch", *more)
    assert (gone.code, gone.out) == (2, "")


@pytest.mark.parametrize(
    "command",
    ["check", "maintainers", "fixes", "stable", "backport", "prepare", "send", "draft"],
)
def test_empty_target_is_refused(repo: Path, command: str) -> None:
    outcome = call(command, "", *(("--dry-run",) if command in ("prepare", "send") else ()))
    assert (outcome.code, outcome.out) == (2, "")
