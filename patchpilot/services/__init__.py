# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the commands of patchpilot, one package per command.

Each command takes a frozen request, reports its progress and returns a frozen result. Modules
directly in this package combine several commands.
"""
