# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the base of all stages of the TUI: the screen, the interface of the application, and
error reporting.
"""
