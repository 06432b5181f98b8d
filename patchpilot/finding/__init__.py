# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commit that fixed a bug or introduced it, from a log or a symptom.

In: a log, a message or an error. Out: commits ranked by how likely they fix it, the next commit to
build, or a report. Read `find_fix` first.

Front modules:

- `bisect_fix`: `find --bisect`
- `find_cve`: `find CVE-…`
- `find_fix`: `find`
- `find_introduction`: `find --good --bad`
- `named_fixes`: the fixes that a page names
- `report_bug`: the report of a bug without a fix
- `try_commit`: `find --try`
"""
