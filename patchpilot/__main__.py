# SPDX-License-Identifier: GPL-2.0-or-later
"""The `patchpilot` command, which can also be run as `python -m patchpilot`."""

import sys
from typing import NoReturn


def _check() -> None:
    """Answer a plain `check` and end; return where the whole command line must read the words."""
    import gc

    from patchpilot.cli import error_exit
    from patchpilot.cli.check import fast_args, run

    # most calls end before there is rubbish worth collecting: start-up makes many objects that stay
    gc.set_threshold(100_000, 50, 50)
    if words := fast_args.read(sys.argv[1:]):
        error_exit.leave(error_exit.ended(lambda: run.answer(*words), sys.argv[1:]))


def main() -> NoReturn:
    """Import the command line and run it; Ctrl-C ends it quietly even during the imports."""
    try:
        if sys.argv[1:2] == ["maintainers"]:
            from patchpilot.cli import error_exit, get_maintainer_args

            call = get_maintainer_args.read(sys.argv[1:])
            if call:
                error_exit.leave(
                    error_exit.ended(lambda: get_maintainer_args.answer(call))
                )
        if sys.argv[1:2] == ["check"]:
            _check()
        from patchpilot.cli.main import main as command
    except KeyboardInterrupt:
        sys.stderr.write("\npatchpilot: interrupted\n")
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
