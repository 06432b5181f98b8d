# SPDX-License-Identifier: GPL-2.0-or-later
"""Reviewers: programs of the user that read a patch before it is mailed.

A reviewer gets a request document on standard input and answers on standard output. patchpilot
opens no connection for it, and believes no answer: the place of each comment is proven first.
"""
