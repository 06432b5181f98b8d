# SPDX-License-Identifier: GPL-2.0-or-later
"""The services that implement patchpilot's commands, one package for each command.

A command takes a frozen request, returns a frozen result and reports progress. Services that
combine several commands are modules of this package.
"""
