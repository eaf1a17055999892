"""ETL of rated review snippets: raw text files in, Parquet for analysts and for training out.

    data/raw/<dataset>/source=<s>/*            id <tab> mean rating <tab> text, UTF-8, no header
    data/processed/<dataset>/source=<s>/       every labelled row
    data/features/<dataset>/split=<split>/     the same rows, split by review
    data/features/labels/<dataset>/test.jsonl  what the evaluator compares predictions with
    data/quarantine/<dataset>/<run>.jsonl      rows and files that break a rule, with the rule's name
    data/processed/_reports/<dataset>/<run>.json and <run>.groups.json   what happened, and who is where

Every row that comes in is labelled, left out (a rating of exactly 0), or in quarantine; the counts say so.

`rules`, `schema`, `files` and `split` judge and are pure; `report` counts; `parts` and `store` write. Two runners
put them together: `plain_runner` in one process, `spark_runner` on Glue. Both write the same rows.
"""
