# SPDX-License-Identifier: GPL-2.0-or-later
"""The git hook scripts and the b4 setting that `patchpilot setup hooks` writes."""

import shlex
import sys

MARK = "# put here by `patchpilot setup hooks`; `patchpilot setup hooks --remove` removes it"
B4_KEY = "b4.prep-perpatch-check-cmd"
_SCRIPT = f"""#!/bin/sh
{MARK}
python=PYTHON
"$python" -P -c 'import patchpilot' 2>/dev/null && exec "$python" -P -m patchpilot setup hooks NAME --run "$1"
patchpilot --version >/dev/null 2>&1 && exec patchpilot setup hooks NAME --run "$1"
echo 'patchpilot: warning: not installed: the hook NAME is skipped' >&2
"""  # noqa: E501
B4_CALL = (
    """sh -c '"$0" -P -c "import patchpilot" 2>/dev/null && exec "$0" -P -m patchpilot check --format checkpatch -; """  # noqa: E501
    """exec patchpilot check --format checkpatch -' """
)
"""b4 runs it without a shell; the interpreter follows, as the shell's $0."""


def hook_script(name: str) -> str:
    """Return the script of a git hook, which uses the current Python interpreter."""
    return _SCRIPT.replace("PYTHON", shlex.quote(sys.executable)).replace("NAME", name)


def b4_command() -> str:
    """Return the value of b4's setting, a command that uses the current Python interpreter."""
    return B4_CALL + shlex.quote(sys.executable)
