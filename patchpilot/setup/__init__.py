# SPDX-License-Identifier: GPL-2.0-or-later
"""Set up a machine and a repository, and find what is wrong with them.

In: the user's settings, programs and branches. Out: what is missing, each with the command that
adds it. Read `diagnose` first.

Front modules:

- `bug_report`: `bug-report`
- `check_in_hook`: the check that hooks run
- `diagnose`: `doctor`
- `fetch_branches`: fetch stable branches
- `install_hooks`: `setup hooks`
- `list_settings`: `config`
- `lts_branches`: `setup stable`
- `mail`: `setup mail`
- `run_fix`: run a command that `doctor` recommends
"""
