# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot build`: compile the files that each commit touches, and report new warnings and
errors.
"""

from pathlib import Path
from typing import Any

from patchpilot.cli.check.check_options import FORMATS, OPTIONS, make_check_options
from patchpilot.cli.check.run import run_check
from patchpilot.cli.command import (
    Common,
    argument,
    common_options,
    make_command,
    option,
    table_options,
)
from patchpilot.cli.error_exit import print_notice
from patchpilot.model.bounded import MIB
from patchpilot.model.printable import format_count

_SHARED = (
    "base",
    "ignore",
    "fail_on",
    "jobs",
    "baseline",
    "since_version",
    "waive",
    "unwaive",
    "config_from",
)
"""Options of `check` with the same meaning."""
_FORMATS = tuple(name for name in FORMATS if name not in ("checkpatch", "jsonl"))


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot build\n"
        "  patchpilot build drivers/hwmon/lm75.c\n"
        "  patchpilot build --quick HEAD\n"
        "  patchpilot build --arch arm64 --llvm origin/master..HEAD\n"
        "  patchpilot build --config .config\n"
        "  patchpilot build --clean"
    )
)
@common_options(*_FORMATS)
@table_options(tuple(option for option in OPTIONS if option.key in _SHARED))
@option("--quick", is_flag=True, help="build only one configuration, for this machine")
@option(
    "--all",
    "every",
    is_flag=True,
    help="build every file that includes a changed header",
)
@option(
    "--arch",
    "arches",
    metavar="ARCH",
    multiple=True,
    help="build for this architecture (make's ARCH) instead of the suitable ones",
)
@option(
    "--config",
    metavar="FILE",
    type=Path,
    help="build with this .config (default: the smallest one that includes the objects)",
)
@option("--llvm", "compiler", is_flag=True, alone="llvm", help="build with clang only")
@option("--gcc", "compiler", is_flag=True, alone="gcc", help="build with gcc only")
@option("--clean", is_flag=True, help="delete all build results, and exit")
@argument("targets", several=True, metavar="[TARGET]...")
def command(
    common: Common,
    clean: bool,
    targets: tuple[str, ...],
    jobs: int | None,
    **values: Any,
) -> int:
    """Compile the files that each commit of a series changes, and report new errors and warnings.

    TARGET is a commit, a range, a patch file, a Message-ID, or a file or directory with uncommitted
    changes. Without TARGET: the commits of the current branch that are not in its base, and the
    uncommitted changes. Files are compiled after each commit, and before it to compare. New errors
    and warnings (W=1, and sparse if it is installed) are reported as findings, like in `check`. The
    command runs make in a copy of the tree, which requires `patchpilot trust --build`.
    """
    if clean:
        return _clean_builds(common)
    from patchpilot.building.request import (
        list_build_revisions,
        make_build_options,
    )

    names = ("config", "arches", "compiler", "quick", "every")
    build = make_build_options(jobs=jobs, **{name: values.pop(name) for name in names})
    with common.workplace() as workplace:
        targets = list_build_revisions(
            workplace.repository, targets, values["base"], workplace.from_archive
        )
    options = make_check_options(
        targets=targets, select=("build", "checkers"), jobs=jobs, build=True, **values
    )
    return run_check(common, options, build)


def _clean_builds(common: Common) -> int:
    from patchpilot.building.request import delete_build_output

    count, size = delete_build_output()
    if not common.quiet:
        count_text = format_count(count, "directory", "directories")
        print_notice("note", f"deleted {count_text}, {size / MIB:.0f} MiB")
    return 0
