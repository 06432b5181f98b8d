# SPDX-License-Identifier: GPL-2.0-or-later
"""The base of all stages of the TUI.

It contains the screen, the interface of the application, and error reporting.
"""
