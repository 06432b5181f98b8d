# SPDX-License-Identifier: GPL-2.0-or-later
"""Backport a fix to LTS branches.

In: a fix (a commit, patch or message) and branches or unpacked trees. Out: a `BackportResult` with
the verdict and prerequisites of each branch, and patches to send. Read `branch_verdicts` first,
then `verdict`.

Front modules:

- `adapted_fix`: a fix that was adapted to a branch
- `audit`: the fixes that branches lack (`backport --missing`), and lists of fixes
- `audit_rows`: a fix of an audit with its verdict
- `audit_write`: the patches of an audit
- `branch_choices`: the user's choices and work for the branches of a fix
- `branch_result`: the verdict for a branch
- `branch_rows`: the rows about a fix and a branch that all views draw
- `branch_step`: the next step for a branch
- `branch_verdicts`: `backport`
- `cve_targets`: the CVEs that are named
- `cve_verdicts`: the verdicts for CVEs
- `result`: the result of `backport`
- `skip_list`: the fixes that the owner of a branch skips
- `stable_request`: `backport --request`
- `targets`: the fixes and branches that are named
- `topic`: the backports of a topic's commit
- `work`: what is done after the verdicts
- `work_clone`: `backport --resolve` and `--build`
- `write`: `backport --write`
"""
