# SPDX-License-Identifier: GPL-2.0-or-later
"""Actions of keys that several stages share: edit, fetch, rebase, reply, waive, undo, answer a
question.
"""
