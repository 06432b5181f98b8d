# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `maintainers` command: find recipients, query MAINTAINERS, and emulate
get_maintainer.pl.
"""
