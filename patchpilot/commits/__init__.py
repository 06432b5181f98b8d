# SPDX-License-Identifier: GPL-2.0-or-later
"""Access the git repository, and convert TARGET arguments to `Series`.

Front modules:

- `repository`: a repository
- `run`: programs that are run
"""
