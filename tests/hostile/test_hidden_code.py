# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that neither a commit message nor a file name hides code from `check`."""

from pathlib import Path

import pytest

from tests.kit.repos import Repo
from tests.kit.topics import SIGNED

GOOD = "/* SPDX-License-Identifier: GPL-2.0 */\nint frob(int x);\n"
BAD = "int grob( int x ) ;\nunsigned crob;\n"
RULES = {"space-before-semicolon", "unsigned-without-int"}


def create_history(path: Path) -> tuple[Repo, str]:
    """Create a file whose bad lines are removed by the last commit; return its id."""
    repo = Repo(path)
    repo.commit(f"frob: add frob\n\n{SIGNED}", {"frob.h": GOOD + BAD, "other.h": GOOD})
    return repo, repo.commit(f"frob: clean up\n\n{SIGNED}", {"frob.h": GOOD})


def find_rules(repo: Repo, target: str = "HEAD") -> set[str]:
    """Return the names of the rules that report anything in a commit."""
    result = repo.patchpilot("check --format json --", target)
    (patch,) = result.json["patches"]
    return {finding["name"] for finding in patch["findings"]}


@pytest.mark.parametrize(
    "message",
    [
        'Revert "frob: clean up"\n\nIt is needed.',
        'Reapply "frob: add frob"\n\nIt is needed.',
        "frob: revert to commit 0123456789ab\n\nIt is needed.",
        'Revert "frob: clean up"\n\nThis reverts commit 0123456789ab.',
        'Revert "frob: clean up"\n\nThis reverts commit {removal}.',
        'Revert "frob: clean up"\n\nThis reverts commit {elsewhere}.',
    ],
)
def test_revert_in_name_only_is_checked(message: str, tmp_path: Path) -> None:
    repo, removal = create_history(tmp_path / "r")
    repo.branch("elsewhere")
    repo.commit(f"frob: add to other\n\n{SIGNED}", {"other.h": GOOD + BAD})
    elsewhere = repo.commit(f"frob: clean up other\n\n{SIGNED}", {"other.h": GOOD})
    repo.checkout("master")
    text = message.format(removal=removal, elsewhere=elsewhere)
    repo.commit(f"{text}\n\n{SIGNED}", {"other.h": GOOD + BAD})
    assert find_rules(repo) >= RULES


def test_restored_lines_are_not_the_authors(tmp_path: Path) -> None:
    repo, removal = create_history(tmp_path / "r")
    message = 'Revert "frob: clean up"\n\nThis reverts commit {}.\n\n{}'
    repo.commit(message.format(removal, SIGNED), {"frob.h": GOOD + BAD})
    assert not find_rules(repo) & RULES
    repo.git("reset -q --hard HEAD~1")
    own_line = "unsigned grob_two;\n"
    repo.commit(message.format(removal, SIGNED), {"frob.h": GOOD + BAD + own_line})
    (patch,) = repo.patchpilot("check --format json HEAD").json["patches"]
    findings = patch["findings"]
    lines = [finding["line"] for finding in findings if finding["name"] in RULES]
    assert lines == [5]


def test_reapplied_and_reverted_merges_restore_lines(tmp_path: Path) -> None:
    repo, removal = create_history(tmp_path / "r")
    repo.branch("topic", "HEAD~1")
    repo.commit(f"frob: begin\n\n{SIGNED}", {"third.h": GOOD})
    repo.git("merge -q --no-ff -m 'Merge master' master")
    merge = repo.git("rev-parse HEAD")
    message = f'Revert "Merge master"\n\nThis reverts commit {merge}.\n\n{SIGNED}'
    repo.commit(message, {"frob.h": GOOD + BAD})
    assert not find_rules(repo) & RULES
    revert = repo.commit(f"frob: clean up again\n\n{SIGNED}", {"frob.h": GOOD})
    message = f'Reapply "frob: add frob"\n\nThis reverts commit {revert}.\n\n{SIGNED}'
    repo.commit(message, {"frob.h": GOOD + BAD})
    assert not find_rules(repo) & RULES
    assert removal != revert


def test_mailed_revert_restores_lines(tmp_path: Path) -> None:
    repo, removal = create_history(tmp_path / "r")
    message = f'Revert "frob: clean up"\n\nThis reverts commit {removal}.\n\n{SIGNED}'
    repo.commit(message, {"frob.h": GOOD + BAD})
    mail = repo.git("format-patch -1 --stdout").encode()
    repo.git("reset -q --hard HEAD~1")
    result = repo.patchpilot("check --format json -", stdin=mail)
    (patch,) = result.json["patches"]
    assert not {finding["name"] for finding in patch["findings"]} & RULES


@pytest.mark.parametrize(
    "name",
    [
        *("a b.h", "a\tb.h", 'a"b.h', "a\rb.h", "a\\b.h", "a b/c.h", " a.h", "a\nb.h"),
        *(
            "a\x01b.h",
            "'a'.h",
            "\u00e9 b.h",
            "a  b/b.h",
            'a" b.h',
            "a.txt b/a.h",
            "-.h",
        ),
    ],
)
def test_file_name_does_not_hide_code(name: str, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(f"frob: begin\n\n{SIGNED}", {name: GOOD})
    repo.commit(f"frob: add frob\n\n{SIGNED}", {name: GOOD + BAD})
    assert find_rules(repo) >= RULES


def test_added_line_is_not_a_file_header(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(f"frob: begin\n\n{SIGNED}", {"frob.h": GOOD})
    counter = "#define NEXT(x) \\\n++ x\n"
    repo.commit(f"frob: add frob\n\n{SIGNED}", {"frob.h": GOOD + counter + BAD})
    assert find_rules(repo) >= RULES
