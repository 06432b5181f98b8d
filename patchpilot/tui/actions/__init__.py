# SPDX-License-Identifier: GPL-2.0-or-later
"""What a key does on several stages: edit, fetch, rebase, reply, waive, undo, answer a question."""
