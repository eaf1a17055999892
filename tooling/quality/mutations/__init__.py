"""Mutation check: weakens the Terraform one setting at a time and sees who notices.

    python -m tooling.quality.mutations [--spelled] [--sample N] [--seed S] [--write] [--only REGEX] [--jobs N]
        [--fresh]

`hcl_tree` reads where every block and attribute stands; `table` says what weakening means, by attribute name,
block and resource type, never by resource; `generate` makes all mutants from both; `spelled` writes each in other
words, and `outside` has other tools' cases; `catch` asks the policies, Terraform and the tests about each; `kept` keeps
what they said, so that the next run asks only about what changed; `report` and `report_spelled` write their parts of
`docs/reference/mutations.md`.
"""
