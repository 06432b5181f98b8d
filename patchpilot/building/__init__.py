# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the affected objects before and after a commit, and report new warnings and errors.

In: commits and the configurations that they need. Out: findings of compilers and checkers. Read
`series` first.

Front modules:

- `plan`: the options of a build
- `request`: `build`, and the recorded builds of a topic
"""
