"""What roles may do, proved: policies as they are applied, AWS's own tables of actions, and a simulator.

`roles` reads them, `actions` knows AWS's actions, `proofs` and `escalation` say what must never be granted, `needs`
what each role's code really calls. The proofs are pure, so a deployed platform, a plan and a bad example all fit.
"""
