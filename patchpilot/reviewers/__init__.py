# SPDX-License-Identifier: GPL-2.0-or-later
"""Run reviewers, which are programs chosen by the user that review a patch before it is sent.

A reviewer reads a request document from standard input and writes its answer to standard output.
patchpilot opens no network connection for reviewers. It verifies the position of each comment
before showing it. Read `review` first.

Front modules:

- `due`: whether to review before a send
- `review`: `check --review` and `check --review-request`
- `text`: reviews as text
"""
