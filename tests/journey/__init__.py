# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the whole journey, end to end: real git, a real SMTP dialogue, a real archive."""
