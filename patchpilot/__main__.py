# SPDX-License-Identifier: GPL-2.0-or-later
"""The `patchpilot` command, also as `python -m patchpilot`."""

import sys
from typing import NoReturn


def _check() -> None:
    """Answer a plain `check` and end; return where the whole command line must read the words."""
    from patchpilot.lint import classcache

    classcache.use()
    import gc

    from patchpilot.cli import checking, checkline, ending

    # most calls end before there is rubbish worth collecting: start-up makes many objects that stay
    gc.set_threshold(100_000, 50, 50)
    if words := checkline.read(sys.argv[1:]):
        ending.leave(ending.ended(lambda: checking.answer(*words), sys.argv[1:]))


def main() -> NoReturn:
    """Import the command line and run it; Ctrl-C during the imports ends as quietly as later."""
    try:
        if sys.argv[1:2] == ["maintainers"]:
            from patchpilot.cli import dropin, ending

            call = dropin.read(sys.argv[1:])
            if call:
                ending.leave(ending.ended(lambda: dropin.answer(call)))
        if sys.argv[1:2] == ["check"]:
            _check()
        from patchpilot.cli.main import main as command
    except KeyboardInterrupt:
        sys.stderr.write("\npatchpilot: interrupted\n")
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
