# SPDX-License-Identifier: GPL-2.0-or-later
"""Reviewers: programs of the user's choice that review a patch before it is sent.

A reviewer reads a request document from standard input and writes its answer to standard output.
patchpilot opens no connection for it, and verifies each comment's position before showing it.
"""
