# SPDX-License-Identifier: GPL-2.0-or-later
"""Test complete workflows with git, a mail server and an archive."""
