# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide helpers for tests: real git repositories, patches, messages and servers.

Tools are in tests/lab.
"""
