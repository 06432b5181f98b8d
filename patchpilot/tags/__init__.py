# SPDX-License-Identifier: GPL-2.0-or-later
"""Find, explain, add and remove tags such as Fixes: and Cc: stable.

In: a commit or a topic. Out: candidates with evidence, tags, or rewritten commits with an undo
record. Read `find_culprits` first, then `prepare_commits`.

Front modules:

- `add_review_trailers`: `trailers`
- `bisect_log`: the output of `git bisect log`
- `candidate_impact`: tags and affected releases, assuming a candidate
- `find_culprits`: `fixes`
- `fix_claims`: whether the user calls a commit a fix
- `prepare_commits`: `prepare`
- `rank_culprits`: a candidate with its evidence
- `report_trailers`: tags from typed text
- `review_trailers`: reviewers' tags missing from the commits
- `stable_request_tag`: `stable`
- `topic_culprits`: the candidates of each commit of a topic
- `undo_rewrite`: `undo`
"""
