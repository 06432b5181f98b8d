# SPDX-License-Identifier: GPL-2.0-or-later
"""Classify messages, and derive the state of a series from its thread.

Front modules:

- `cve_record`: the id and record of a CVE
- `posted_series`: a posted series and its replies
- `requests`: the state of a review comment
- `thread_values`: states and turns
"""
