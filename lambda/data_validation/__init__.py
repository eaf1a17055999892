"""Check whether the ETL output is fit for training."""
