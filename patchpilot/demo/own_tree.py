# SPDX-License-Identifier: GPL-2.0-or-later
"""How to do in one's own tree what the demo showed: the text that the demo ends with, in the TUI and on the command line."""

OWN_TREE = """\
The same with your own fix, on a branch of your own kernel tree:

    cd ~/linux
    patchpilot doctor     what is missing on this machine (git, mail server, archive)
    patchpilot            the same stages, on the branch that is checked out

Every mail is shown before it is sent, and `patchpilot send --to-self` sends it to you alone.
When you quit, the demo removes its files. `patchpilot demo` starts it again."""
