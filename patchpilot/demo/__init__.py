# SPDX-License-Identifier: GPL-2.0-or-later
"""The sandbox of the demo: a kernel-like repository, a story, an SMTP sink and an archive."""
