"""Data Wrangler flows without Data Wrangler: a `.flow` file in, the tables that its destinations name out.

`flow` reads the file and refuses what it does not know before anything is read; `sources` and `targets` move tables,
`steps` changes them. A flow uses the operators of `flow.KNOWN`, spelled as Data Wrangler exports them; any other stops
the job with the node's id and the operator, and nothing is written.
"""
