# SPDX-License-Identifier: GPL-2.0-or-later
"""patchpilot takes a Linux kernel fix from `git commit` to mainline and every LTS branch."""

try:
    # the build generates this module from the git tag or commit
    from patchpilot._version import __version__ as __version__
except ModuleNotFoundError:
    __version__ = "0+unknown"
if __version__.endswith(".dev0"):
    # built from a copy of the files without .git: no commit is known
    __version__ += "+unknown"
