# SPDX-License-Identifier: GPL-2.0-or-later
"""Check patches and return findings, using facts from the repository, the tree and the topic.

In: the TARGETs of `check`, a text in an editor, or a stream of messages. Out: a `CheckResult` with
the findings of each patch, or the fixed patches. Read `driver` first.

Front modules:

- `answer`: the JSON document of `check`
- `apply_fixes`: `check --fix` and `check --diff`
- `clone_history`: the clone around patch files
- `driver`: check patches, and the exit code
- `editor_check`: the check of a text while it is edited
- `find_suppressions`: the waivers and the baseline of a check
- `fix_certain`: apply all safe fixes of a topic and add the tags that its findings require
- `fix_finding`: fix one finding, or preview its fix
- `fixed_patch`: the fixes of a patch, and what remains
- `list_rules`: the rules, and the page of each
- `pack_examples`: `explain --test`
- `path_facts`: `explain --path`
- `place_findings`: the lines of findings in the text of all patches
- `proposed_edits`: the edits that findings propose
- `request`: the request of a check
- `result`: the result of a check
- `source`: the settings of a check, and the files that it does not read
- `stream`: check a stream of messages
- `topic`: check a topic, and waive its findings
"""
