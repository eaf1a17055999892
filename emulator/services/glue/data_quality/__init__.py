"""Glue Data Quality: rulesets in DQDL, evaluated on what a table holds.

After AWS's "Data Quality Definition Language (DQDL) reference". A rule type that is not here ends as `ERROR` with a
sentence, as an invalid rule does on AWS; it never passes.
"""
