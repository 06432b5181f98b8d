# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that nothing that 0.1 promised was removed. See docs/explanation/versions.md."""

from pathlib import Path

from tests.upgrades.promised import list_promises

RECORDED = Path(__file__).parent / "0.1" / "promised.txt"


def test_version_0_1_promises_are_kept() -> None:
    recorded = RECORDED.read_text(encoding="utf-8").splitlines()
    missing = sorted(set(recorded) - set(list_promises()))
    assert not missing, (
        "removed or changed since 0.1: restore or deprecate it, or, before 0.1 is"
        " released, record again as tests/upgrades/promised.py describes:\n" + "\n".join(missing)
    )


def test_every_kind_of_promise_is_recorded() -> None:
    kinds = {line.split()[0] for line in RECORDED.read_text().splitlines()}
    assert kinds == {
        *("argument", "choice", "exit", "json", "option"),
        *("rule", "setting", "variable", "verb"),
    }
