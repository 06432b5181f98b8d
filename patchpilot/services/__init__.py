# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of patchpilot, one package per command.

Each command takes a frozen request, reports its progress and returns a frozen result. Modules in
this package itself combine several commands.
"""
