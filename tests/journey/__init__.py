# SPDX-License-Identifier: GPL-2.0-or-later
"""Test of the whole journey, end to end: real git, a real SMTP dialogue, a real archive."""
