# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands, one package each: takes a frozen request, returns a frozen result, reports
progress.

What combines verbs is in this folder itself.
"""
