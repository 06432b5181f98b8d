# SPDX-License-Identifier: GPL-2.0-or-later
"""Disables the configured filters, textconv commands and merge drivers for a git call.

As a result, reading and merging do not run external programs.
"""

from collections.abc import Iterable, Iterator, Mapping

from patchpilot.commits.run import configuration

KEYS = r"^(filter|diff|merge)\..+\.(clean|smudge|process|textconv|driver)$"
_MERGE = "git merge-file -q --marker-size=%L {} %A %O %B"


HOOKS_OFF = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    # else git runs gpg.program for each signed commit that it shows
    ("log.showSignature", "false"),
)


def drivers_off(
    configured: Iterable[str], more: Iterable[tuple[str, str]] = ()
) -> Mapping[str, str]:
    """Returns environment variables with which git runs no configured driver.

    Files are compared as stored and merged as text. `more` is a list of additional settings,
    for programs that call git without patchpilot's options.
    """
    return configuration((*_pins(configured), *more))


def _pins(configured: Iterable[str]) -> Iterator[tuple[str, str]]:
    for key in configured:
        driver, _, kind = key.rpartition(".")
        if kind == "textconv":
            yield key, "cat"
        elif kind == "driver":
            yield key, _merging(driver.partition(".")[2])
        else:
            yield key, ""
            yield f"{driver}.required", "false"


def _merging(name: str) -> str:
    """The replacement of a merge driver; the names of git's own drivers keep their meaning."""
    return (
        "false"
        if name == "binary"
        else _MERGE.format(
            "--union" if name == "union" else "-L ours -L base -L theirs"
        )
    )
