# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the shipped rule packs once in a process, because that takes a third of a second."""

from functools import cache
from zlib import crc32

import pytest

from patchpilot.lint.rule_store import load_packs
from patchpilot.lint.selection import choose_rules
from patchpilot.model.rule import Kernel, Pack, Rule


@cache
def load_shipped_packs() -> tuple[Pack, ...]:
    """Return the shipped packs with their examples."""
    return load_packs()


@cache
def load_all_rules() -> tuple[Rule, ...]:
    """Return the rules of all shipped packs."""
    return tuple(rule for pack in load_shipped_packs() for rule in pack.rules)


@cache
def choose_all_rules(kernel: Kernel, profile: str) -> tuple[Rule, ...]:
    """Return the rules of all shipped packs that apply to this kernel version and project."""
    return choose_rules(load_all_rules(), kernel=kernel, profile=profile)


def mark_most_as_long(*values: object, name: str) -> object:
    """Return a case of a test that runs all rules, or all fixers, on each example.

    `make test` runs one case in five, and `make test-long` the others.
    """
    marks = () if crc32(name.encode()) % 5 == 0 else pytest.mark.long
    return pytest.param(*values, id=name, marks=marks)
