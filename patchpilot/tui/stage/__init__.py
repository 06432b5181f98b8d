# SPDX-License-Identifier: GPL-2.0-or-later
"""What every stage of the TUI is built on: its screen, the app around it, and how errors are
reported.
"""
