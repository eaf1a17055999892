"""Glue Data Quality: rulesets in DQDL, evaluated on what a table holds.

After AWS's "Data Quality Definition Language (DQDL) reference". An unsupported rule type ends as `ERROR` with a
message, as an invalid rule does on AWS; it never passes.
"""
