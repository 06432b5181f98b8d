# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `check --checkpatch-compat` has none of the differences in
docs/reference/differences.md.
"""

import re
from pathlib import Path

from tests.kit.cli import call
from tests.kit.snippets import HUNK, PATH, PROSE, SIGN_OFF, build_file_diff, mail

ID = "0123456789abcdef0123456789abcdef01234567"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "differences.md"


def _list_reported_types(*arguments: object) -> list[str]:
    output = call("check --format checkpatch --fail-on never", *arguments).out
    return re.findall(r"^\S+:\d+: [A-Z]+:([A-Z0-9_]+): ", output, re.MULTILINE)


def test_compat_mode_reports_unknown_ids_without_a_repository(
    workdir: Path,
) -> None:
    patch = workdir / "a.patch"
    text = f'{PROSE}\n\nFixes: {ID[:12]} ("frob: use the link")\n{SIGN_OFF}'
    patch.write_text(
        mail(
            "frob: wait for the link before it is used",
            text,
            build_file_diff(PATH, HUNK),
        )
    )
    assert "UNKNOWN_COMMIT_ID" not in _list_reported_types(patch)
    assert "UNKNOWN_COMMIT_ID" in _list_reported_types("--checkpatch-compat", patch)


def test_compat_mode_reports_corruption_once(
    workdir: Path,
) -> None:
    names = []
    for letter in "ab":
        diff = build_file_diff(f"drivers/frob/{letter}.c", HUNK).replace(
            "\tret = frob_start_wait(frob);", "\tret = frob_start_wait(\nfrob);"
        )
        names.append(workdir / f"{letter}.patch")
        names[-1].write_text(
            mail(
                "frob: wait for the link before it is used",
                f"{PROSE}\n\n{SIGN_OFF}",
                diff,
            )
        )
    assert _list_reported_types(*names).count("CORRUPTED_PATCH") == 2
    assert _list_reported_types("--checkpatch-compat", *names).count("CORRUPTED_PATCH") == 1


def test_compat_mode_requires_a_subject_in_the_marker(
    workdir: Path,
) -> None:
    patch = workdir / "a.patch"
    text = f"[ Upstream commit {ID} ]\n\n{PROSE}\n\n{SIGN_OFF}"
    patch.write_text(
        mail(
            "[PATCH 6.1.y] frob: wait for the link before it is used",
            text,
            build_file_diff(PATH, HUNK),
        )
    )
    assert "GIT_COMMIT_ID" not in _list_reported_types(patch)
    assert "GIT_COMMIT_ID" in _list_reported_types("--checkpatch-compat", patch)


def test_compat_mode_reads_the_first_license(
    workdir: Path,
) -> None:
    patch = workdir / "a.patch"
    diff = build_file_diff(PATH, HUNK).replace(
        "\tret = frob_start_wait(frob);",
        'MODULE_AUTHOR("Ada Fixer"); MODULE_LICENSE("GPL");',
    )
    patch.write_text(
        mail("frob: wait for the link before it is used", f"{PROSE}\n\n{SIGN_OFF}", diff)
    )
    assert "MODULE_LICENSE" not in _list_reported_types(patch)
    assert "MODULE_LICENSE" in _list_reported_types("--checkpatch-compat", patch)
    patch.write_text(patch.read_text().replace('"GPL"', '"Frob"'))
    assert "MODULE_LICENSE" in _list_reported_types(patch)


def test_differences_page_documents_the_flag() -> None:
    rows = [
        line
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and "--checkpatch-compat" in line
    ]
    assert len(rows) == 13
