"""The policy gate: checkov with the project's own rules, run in an environment of its own."""
