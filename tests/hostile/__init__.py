# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that nothing planted in a repository or message or on a server is executed."""
