# SPDX-License-Identifier: GPL-2.0-or-later
"""The TUI, in Textual, on the services."""
