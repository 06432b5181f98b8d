# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns the command-line options of `build` into a build request."""

import os
from collections.abc import Sequence
from pathlib import Path

from patchpilot.building.plan import BuildOptions
from patchpilot.building.work_place import all_places, clean
from patchpilot.errors import InputError, UsageError
from patchpilot.model.limits import MIB

_MOST = 4 * MIB


def build_options(
    *,
    config: Path | None = None,
    arches: Sequence[str] = (),
    compiler: str = "",
    quick: bool = False,
    every: bool = False,
    jobs: int | None = None,
    place: str = "",
) -> BuildOptions:
    """Returns the options of a build.

    `compiler` is `gcc`, `llvm`, or empty for the compiler installed on the machine. Raises
    `InputError` if the configuration file cannot be read, and `UsageError` for an invalid
    architecture.
    """
    for arch in arches:
        if not arch.isidentifier():
            raise UsageError(
                f"--arch {arch}: not a directory in arch/",
                hint="use a directory in arch/, for example --arch arm64",
            )
    return BuildOptions(
        config=_text(config) if config else None,
        arches=tuple(arches),
        llvm=compiler == "llvm",
        gcc=compiler == "gcc",
        quick=quick,
        all=every,
        jobs=jobs or os.cpu_count() or 1,
        place=place,
    )


def clean_builds() -> tuple[int, int]:
    """Deletes all build output, of every repository.

    Returns the number of directories and of bytes that were deleted.
    """
    places = all_places()
    return len(places), clean(places)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST + 1)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error
    if len(data) > _MOST:
        raise InputError(f"{file}: too long for a .config")
    return data.decode("utf-8", "surrogateescape")
