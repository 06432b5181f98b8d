# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `explain --test`, which runs the examples in a rule pack."""

from pathlib import Path

import pytest

from patchpilot.checking.pack_examples import run_pack_examples
from tests.kit.cli import call

PACK = """
[[rule]]
id = "OUR001"
name = "needs-bug-tag"
severity = "warning"
scope = "message"
summary = "no Bug: tag"
why = "Each change has an entry in the tracker."
reference = "https://example.org"
[rule.match]
detector = "like"
where = "subject"
pattern = ''
without_tags = ["Bug"]
[[rule.bad]]
subject = "frob: a"
at = "frob: a"
[[rule.good]]
trailers = "Bug: PROJ-1"
"""


def _run(folder: Path, pack: str) -> list[str]:
    (folder / "ours.toml").write_text(pack)
    return [result.problem for result in run_pack_examples(folder / "ours.toml").examples]


def test_examples_with_the_expected_result_pass(tmp_path: Path) -> None:
    assert _run(tmp_path, PACK) == ["", ""]
    outcome = call("explain --test", tmp_path / "ours.toml")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.strip() == f"{tmp_path}/ours.toml: 2 examples of 1 rule: all passed"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('subject = "frob: a"', 'trailers = "Bug: 7"', "bad example 1: no finding instead of 1"),
        ('trailers = "Bug: PROJ-1"', 'trailers = "Bugs: 1"', "good example 1: a finding that must"),
        ('at = "frob: a"', 'at = "zz"', "does not contain 'zz'"),
        ('at = "frob: a"', "count = 2", "1 finding instead of 2 findings"),
        ('without_tags = ["Bug"]', "case_patterns = {}", "needs the argument 'pattern'"),
    ],
)
def test_other_result_is_named_with_file_and_line(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    pack = PACK.replace("pattern = ''\n", "") if "argument" in problem else PACK
    (tmp_path / "ours.toml").write_text(pack.replace(old, new))
    outcome = call("explain --test", tmp_path / "ours.toml")
    assert outcome.code == 1
    assert f"{tmp_path}/ours.toml:2: rule OUR001 (needs-bug-tag): " in outcome.out
    assert problem in outcome.out
    document = call("explain --json --test", tmp_path / "ours.toml").json
    assert document["passed"] is False


def test_pack_that_is_not_valid_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(PACK.replace('"like"', '"liks"'))
    outcome = call("explain --test", tmp_path / "ours.toml")
    assert (outcome.code, "did you mean 'like'" in outcome.err) == (2, True), outcome.err
    assert call("explain --test", tmp_path / "missing.toml").code == 2
