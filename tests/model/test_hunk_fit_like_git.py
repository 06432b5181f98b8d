# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that hunks apply exactly where `git apply` applies them."""

import subprocess
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patchpilot.model.hunk_fit import fit_hunks, split_text_lines
from patchpilot.model.patch import parse_diff

LINE = st.sampled_from(["a", "b", "c", "}", ""])
FILES = st.lists(LINE, max_size=14)


@st.composite
def generate_edited_files(draw: st.DrawFn) -> tuple[str, str, str]:
    """Generate a file, an edited version of it, and a similar file to which the edit may apply."""
    old_lines = draw(FILES)
    new_lines = list(old_lines)
    for _ in range(draw(st.integers(1, 3))):
        index = draw(st.integers(0, len(new_lines)))
        new_lines[index : index + draw(st.integers(0, 2))] = draw(st.lists(LINE, max_size=2))
    target = list(old_lines)
    for _ in range(draw(st.integers(0, 3))):
        index = draw(st.integers(0, len(target)))
        target[index : index + draw(st.integers(0, 1))] = draw(st.lists(LINE, max_size=3))
    final_newlines = [draw(st.booleans()) for _ in range(3)]
    return tuple(
        "\n".join(file_lines) + ("\n" if has_final_newline and file_lines else "")
        for file_lines, has_final_newline in zip(
            (old_lines, new_lines, target), final_newlines, strict=True
        )
    )  # type: ignore[return-value]


@given(generate_edited_files())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_hunks_are_applied_like_git_apply(tmp_path: Path, case: tuple[str, str, str]) -> None:
    old, new, target = case
    for name, content in (("old", old), ("new", new)):
        (tmp_path / name).write_text(content)
    diff = subprocess.run(
        ["git", "diff", "--no-index", "old", "new"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    if not diff or not old or not new:
        return
    diff = diff.replace("a/old", "a/f").replace("b/new", "b/f")
    (tmp_path / "f").write_text(target)
    (tmp_path / "p").write_text(diff)
    outcome = subprocess.run(
        ["git", "apply", "p"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    files = parse_diff(tuple(diff.split("\n")), 1).files
    fit = fit_hunks("f", split_text_lines(target.encode()), files[0].hunks)
    assert (not fit.misfits) == (outcome.returncode == 0), (
        diff,
        target,
        outcome.stderr,
    )
    if not fit.misfits and fit.lines is not None:
        assert "".join(fit.lines) == (tmp_path / "f").read_text()
