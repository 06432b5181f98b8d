# SPDX-License-Identifier: GPL-2.0-or-later
"""Run reviewers: programs chosen by the user that review a patch before it is sent.

A reviewer reads a request document from standard input and writes its answer to standard output.
patchpilot opens no network connection for reviewers, and verifies each comment's position before
showing it.
"""
