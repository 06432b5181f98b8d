# SPDX-License-Identifier: GPL-2.0-or-later
"""Actions that several stages share.

They edit, fetch, reply, waive, undo, and answer questions.
"""
