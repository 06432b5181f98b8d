# SPDX-License-Identifier: GPL-2.0-or-later
"""Builders for tests: real git repositories, patches, mails and servers."""
