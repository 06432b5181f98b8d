# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement actions that several stages share: edit, fetch, reply, waive, undo, and answer
questions.
"""
