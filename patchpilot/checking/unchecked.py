# SPDX-License-Identifier: GPL-2.0-or-later
"""What a check did not check, so that silence is not taken for approval."""

from collections.abc import Iterator

from patchpilot.checking.check_result import CheckResult

_COMPILED = (".c", ".h", ".S", ".rs", ".dts", ".dtsi")


def unchecked(result: CheckResult, build: str = "use --build") -> tuple[str, ...]:
    """Returns what was not checked, each with the reason or what checks it; `build` builds."""
    return tuple(_unchecked(result, build))


def _unchecked(result: CheckResult, build: str) -> Iterator[str]:
    patches = [checked.patch for checked in result.patches]
    paths = [path for patch in patches for path in patch.paths]
    if not result.build and any(path.endswith(_COMPILED) for path in paths):
        yield f"whether it compiles ({build})"
    if result.whole_files:
        return
    if result.tree is None:
        yield "whether it applies, and its recipients (no source tree: use --tree or -C)"
    if result.repository is None:
        yield "history and earlier fixes (no git repository: use -C)"
    if result.unanswered:
        yield result.unanswered
    here = sum(patch.has_diff for patch in patches)
    total = max((patch.subject.total or 0 for patch in patches), default=0)
    if total > here:
        yield f"the rest of the series ({here} of {total} patches are here)"
