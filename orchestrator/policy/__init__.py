"""The policy gate: checkov with the project's rules, in a separate virtual environment."""
