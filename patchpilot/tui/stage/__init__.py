# SPDX-License-Identifier: GPL-2.0-or-later
"""The base of every stage of the TUI: its screen, the app around it, and how errors are
reported.
"""
