# SPDX-License-Identifier: GPL-2.0-or-later
"""How to do in one's own tree what the demo showed: the text that the demo ends with, in the TUI and on the command line."""

ALL_DONE = """\
The patch is in mainline and in a stable kernel: that was all.
Cc: stable brings it to the branches where it applies. Only 6.1 is left,
where it does not: press z at stage 5 to resolve the conflict.

"""
"""What the TUI's end card says before that."""
OWN_TREE = """\
The same with your own fix, on a branch of your own kernel tree:

    cd ~/linux
    patchpilot doctor     checks git, the mail server and the archive
    patchpilot            opens these stages on the current branch

Nothing is sent before you saw it. `patchpilot send --to-self` sends a test.
When you quit, the demo removes its files; `patchpilot demo` starts it again."""
