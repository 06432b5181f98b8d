# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that nothing planted in a repository, a message or a server is executed."""
