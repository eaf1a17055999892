"""ETL of any dataset that its specification describes: raw files in, checked and split Parquet out.

    data/raw/<dataset>/                        CSV, TSV, JSON, JSON Lines or Parquet, or a table of the catalogue
    data/processed/<dataset>/                  every accepted row, typed; in the partitions of the raw files
    data/features/<dataset>/split=<split>/     the same rows, split
    data/features/labels/<dataset>/test.jsonl  what the evaluator compares predictions with
    data/quarantine/<dataset>/<run>.jsonl      records and files that break a rule, with the rule's name
    data/processed/_reports/<dataset>/<run>.json and <run>.groups.json   what happened, and who is where

Every row that comes in is accepted, left out by the dataset's own `transform`, or in quarantine; the counts say so.

`spec`, `values`, `contract`, `files`, `drift` and `split` judge and are pure; `readers` reads; `report` counts; `parts`
and `store` write. Two runners put them together: `plain_runner` in one process, `spark_runner` on Glue. Both write the
same rows.
"""
