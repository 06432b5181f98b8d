# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the demo's sandbox: a kernel-like repository, a scripted history, an SMTP sink and an
archive.

The steps are in `before` and `after` (the first send), the tour of the TUI in `demo_app`.
"""
