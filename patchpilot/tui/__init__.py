# SPDX-License-Identifier: GPL-2.0-or-later
"""The terminal user interface (TUI), built with Textual on top of the services."""
