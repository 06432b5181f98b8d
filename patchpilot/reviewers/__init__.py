# SPDX-License-Identifier: GPL-2.0-or-later
"""Reviewers: the user's programs that read a patch before it is sent.

A reviewer gets a request document on standard input and answers on standard output. patchpilot
opens no connection for it, and proves the place of each comment before showing it.
"""
