# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole journey, end to end: real git, a real SMTP dialogue, a real archive."""
