# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement patchpilot's commands, one package for each command.

A command takes a frozen request, returns a frozen result and reports progress. Services that
combine several commands are modules in this package.
"""
