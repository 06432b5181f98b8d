# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the shipped rule packs once in a process, because that takes a third of a second."""

from functools import cache

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
