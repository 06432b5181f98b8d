# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo's sandbox: a kernel-like repository, a scripted history, an SMTP sink and an archive."""
