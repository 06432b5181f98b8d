# SPDX-License-Identifier: GPL-2.0-or-later
"""How to do in one's own tree what the demo showed: the text that the demo ends with, in the TUI and on the command line."""

OWN_TREE = """\
The same with your own fix, on a branch of your own kernel tree:

    cd ~/linux
    patchpilot doctor     checks git, the mail server and the archive
    patchpilot            opens these stages on the current branch

Nothing is sent before you saw it. `patchpilot send --to-self` sends a test.
When you quit, the demo removes its files. `patchpilot demo` starts it again."""
