# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the advice on stable, and the line for it."""

import pytest

from patchpilot.errors import UsageError
from patchpilot.history.branch_verdict import BranchState
from patchpilot.projects.loading import find_project
from patchpilot.tags.stable_decision import StableFacts, advise_on_stable

LINUX = find_project("linux")


RELEASED = "v5.10"


@pytest.mark.parametrize(
    ("words", "lines", "eligible"),
    [
        ({"release": RELEASED}, ("Cc: stable@vger.kernel.org",), True),
        ({"release": None}, (), False),
        ({"release": None, "is_known": False}, (), False),
        ({"release": RELEASED, "present": ["Cc: stable@vger.kernel.org"]}, (), True),
    ],
)
def test_stable_line_names_first_release_with_bug(
    words: dict[str, object], lines: tuple[str, ...], eligible: bool
) -> None:
    advice = advise_on_stable(LINUX, StableFacts(**words))  # type: ignore[arg-type]
    assert (advice.lines, advice.eligible) == (lines, eligible)
    assert advice.reasons


def test_released_culprit_needs_a_backport() -> None:
    branches = [
        BranchState("6.1", "linux-6.1.y", True, "d"),
        BranchState("5.10", "linux-5.10.y", False),
    ]
    advice = advise_on_stable(LINUX, StableFacts(None, branches))
    assert advice.eligible
    assert "6.1" in advice.reasons[1]


def test_excluded_fix_gets_no_line() -> None:
    advice = advise_on_stable(LINUX, StableFacts(RELEASED, exclusion="the rule"))
    assert (advice.lines, advice.eligible, advice.reasons) == ((), False, ("the rule",))
    requested = StableFacts(RELEASED, present=["Cc: stable@vger.kernel.org"], exclusion="the rule")
    assert advise_on_stable(LINUX, requested).warnings == ("the rule",)


def test_line_depends_on_the_project() -> None:
    assert advise_on_stable(find_project("dpdk"), StableFacts(RELEASED)).lines == (
        "Cc: stable@dpdk.org",
    )
    private = StableFacts(RELEASED, is_undisclosed=True)
    assert advise_on_stable(LINUX, private).lines == ("Cc: stable@kernel.org",)
    assert not advise_on_stable(find_project("dpdk"), private).lines
    assert advise_on_stable(find_project("xen"), private).lines
    assert not advise_on_stable(find_project("u-boot"), StableFacts(RELEASED)).eligible
    assert advise_on_stable(find_project("xen"), StableFacts(RELEASED)).lines == (
        "Backport: 5.10+",
    )
    with pytest.raises(UsageError):
        find_project("linus")


@pytest.mark.parametrize(
    ("has_bug", "version"),
    [(("6.1", "6.6"), "6.1"), (("6.6", "6.12"), "6.6"), ((), "6.6")],
)
def test_version_includes_backported_bugs(has_bug: tuple[str, ...], version: str) -> None:
    branches = tuple(
        BranchState(name, f"linux-{name}.y", name in has_bug)
        for name in ("5.15", "6.1", "6.6", "6.12")
    )
    line = f"Backport: {version}+"
    assert advise_on_stable(find_project("xen"), StableFacts("v6.6", branches)).lines == (line,)
