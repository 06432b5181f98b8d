# SPDX-License-Identifier: GPL-2.0-or-later
"""The screens of the TUI, one for each stage."""
