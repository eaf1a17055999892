"""Deploys the platform: five Terraform phases, the blueprints that teams ask for, and proof that they answer.

**Load.** `config` reads `terraform/envs/<env>/` into typed values and reports every mistake at once, each
with file, line, key and rule; `phases` reads what each phase says about itself in its `phase.yaml`.

**Order.** `graph` makes stacks of them (one Terraform root, one state each): the phases, and one per
blueprint file. It is pure and speaks in names.

**Plan.** `plan` turns the graph into a list of steps: a value, built without touching anything. `explain`
reads it out, `values` says what each root receives, and both walk the same steps as execution does.

**Execute.** `execute` walks the steps, some at the same time. A stack is rendered, planned, checked by the
policy gate, applied only if its plan has changes, and verified by its own state (`stacks`). The world is
reached through `tools` alone, of which `context` makes the real ones. An interrupt or a failure ends in a
result like a success does.

**Verify.** After phase 3 the training `pipeline` gives the platform a model; `smoke` asks every blueprint
questions whose answers are known. `runs` leaves a folder with the events, the logs and `result.json`, and
`report` says in words how it went and what to do next.
"""
