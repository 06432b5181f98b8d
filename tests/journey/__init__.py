# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the whole journey from end to end, with real git, a real SMTP dialogue and a real
archive.
"""
