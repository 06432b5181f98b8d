# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes to stdout: text for people, JSON and the forms of other tools for programs."""
