"""Run Terraform: its commands, messages and records, and the warm provider of local environments."""
