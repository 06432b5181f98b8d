# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the terminal user interface (TUI), built with Textual."""
