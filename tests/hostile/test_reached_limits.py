# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `check` reports an error if a limit kept a part of a patch from being checked."""

import time
from pathlib import Path

import pytest

from patchpilot.cli.check.check_options import FORMATS
from patchpilot.model import bounded
from patchpilot.model.bounded import MAX_CHECKED_LINE
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import shorten_patch
from tests.kit.cli import call
from tests.kit.patches import build_patch_text
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED

PACK = """[[rule]]
id = "OWN001"
name = "slow-rule"
severity = "warning"
scope = "diff"
summary = "slow"
why = "It is slow."
reference = "https://example.org"
[rule.match]
detector = "like"
where = "added"
pattern = "(?<!x)a+b"
[[rule.bad]]
code = "ab"
path = "a.c"
[[rule.good]]
code = "b"
path = "a.c"
"""


def create_commit(path: Path, *lines: str) -> Repo:
    """Create a commit that adds these lines to a file."""
    repo = Repo(path)
    repo.commit(f"frob: begin\n\n{SIGNED}", {"frob.txt": "begin\n"})
    text = "".join(f"{line}\n" for line in ("begin", *lines))
    repo.commit(f"frob: add lines\n\nThey are needed.\n\n{SIGNED}", {"frob.txt": text})
    return repo


@pytest.mark.parametrize("form", FORMATS)
def test_pattern_over_its_budget_is_an_error(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "_remaining_budget", 0.01)
    repo = create_commit(tmp_path / "r", *["a" * 4000] * 9)
    (tmp_path / "own.toml").write_text(PACK)
    repo.git("config --global patchpilot.packs", str(tmp_path / "own.toml"))
    patch = tmp_path / "a.patch"
    patch.write_text(repo.git("format-patch -1 --stdout"))
    result = repo.patchpilot(f"check --format {form} --fail-on error", patch)
    assert result.code == 1
    assert "not checked as a whole by 1 rule" in " ".join(result.out.split())
    assert "slow-rule" in result.out


@pytest.mark.parametrize("form", FORMATS)
def test_overlong_line_is_an_error(form: str, tmp_path: Path) -> None:
    limit = "x" * MAX_CHECKED_LINE
    # the sign counts as a character of the line
    repo = create_commit(tmp_path / "r", limit[1:], limit, limit)
    patch = tmp_path / "a.patch"
    patch.write_text(repo.git("format-patch -1 --stdout"))
    result = repo.patchpilot(f"check --fail-on error --format {form}", patch)
    assert result.code == 1
    message = "4,097 characters, of which the first 4,096 were checked; 1 other line"
    assert message in " ".join(result.out.split())


def test_line_at_the_limit_is_checked(tmp_path: Path) -> None:
    limit = "x" * MAX_CHECKED_LINE
    repo = create_commit(tmp_path / "s", limit[1:])
    assert repo.patchpilot("check --fail-on error HEAD").code == 0


LONG = {
    "words": "the " * 25_000,
    "token": "A" * 100_000,
    "urls": "http://a/" * 11_000,
    "statements": ";" * 100_000,
    "brackets": "Fixes: 1234567 (" * 6_000,
    "ids": "1234567 " * 12_000,
    "spaces": " " * 100_000 + "x",
    "quotes": '"A' * 50_000,
}


QUICK = {("message", "words"), ("code", "token"), ("folded subject", "urls")}


@pytest.mark.parametrize(
    ("place", "text"),
    [
        pytest.param(
            place,
            text,
            id=f"{place}, {name}",
            marks=[] if (place, name) in QUICK else pytest.mark.long,
        )
        for place in ("subject", "folded subject", "message", "code")
        for name, text in LONG.items()
    ],
)
def test_long_line_takes_little_time(place: str, text: str) -> None:
    patch_text = build_patch_text()
    if place == "message":
        patch_text = patch_text.replace("The caller", f"{text}\nThe caller")
    elif place == "code":
        patch_text = patch_text.replace("rc = bar()", f"rc = {text}")
    else:
        fold = "\n ".join(text[i : i + 70] for i in range(0, len(text), 70))
        title = fold if place == "folded subject" else text
        patch_text = patch_text.replace("hand up", f"hand {title} up")
    start_time = time.process_time()
    result = call("check --format json -", stdin=patch_text.encode())
    assert time.process_time() - start_time < 5
    (patch,) = result.json["patches"]
    names = {finding["name"] for finding in patch["findings"]}
    # a folded line of spaces is one space
    assert "line-too-long" in names or (place, text[0]) == ("folded subject", " ")


def test_fix_does_not_write_shortened_lines(tmp_path: Path) -> None:
    line = "x" * 5000
    repo = create_commit(tmp_path / "r", line, "trailing   ")
    for arguments in ("check --fix", "check --fix --published"):
        repo.patchpilot(arguments, "HEAD")
        assert repo.git("show HEAD:frob.txt").split("\n")[1] == line


@pytest.mark.parametrize(("size", "applies"), [(5000, True), (400, False)])
def test_shortened_context_fits_the_tree(size: int, applies: bool, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    code = f"int a;\n/* {'x' * size} */\nint b;\n"
    tree = {"Makefile": "VERSION = 6\nPATCHLEVEL = 6\n", "Kbuild": "", "a.c": code}
    repo.commit(f"a: begin\n\n{SIGNED}", tree)
    repo.commit(f"a: use c\n\nWhy.\n\n{SIGNED}", {"a.c": f"{code}int c;\n"})
    mail = repo.git("format-patch -1 --stdout")
    repo.git("reset -q --hard HEAD~1")
    if not applies:
        mail = mail.replace("xxx */", "y */")
    result = repo.patchpilot("check --format json -", stdin=mail.encode())
    (patch,) = result.json["patches"]
    names = {finding["name"] for finding in patch["findings"]}
    assert ("does-not-apply" in names) is not applies
    assert ("line-too-long" in names) is applies


def test_shortened_lines_are_recorded() -> None:
    patch_text = build_patch_text().replace("rc = bar()", "x" * 5000)
    patch = parse_patch(patch_text.encode(), "a")
    short = shorten_patch(patch)
    (cut_line,) = short.cut_lines
    assert len(patch.lines[cut_line.patch_line - 1]) == cut_line.size == 5003
    assert max(map(len, short.lines)) == MAX_CHECKED_LINE
    assert short.is_incomplete
    assert not short.diff_error
    assert shorten_patch(parse_patch(build_patch_text().encode(), "a")).cut_lines == ()
