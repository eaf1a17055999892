"""Deploy the platform: five Terraform phases, the blueprints of the teams, and smoke tests of their endpoints.

**Load.** `config` reads `terraform/envs/<env>/` into typed values and reports all mistakes at once, each with file,
line, key and rule; `planning.phases` reads what each phase declares in its `phase.yaml`.

**Order.** `planning.graph` makes stacks of them (one Terraform root and one state each): the phases, and one per
blueprint file. It is pure.

**Plan.** `planning.plans` turns the graph into a list of steps: a value, built without side effects.
`reporting.explain` describes it, `planning.values` computes the inputs of each root.

**Execute.** `execution` walks the steps, some at the same time. `stacks` renders a stack, plans it, checks the plan
with the policy gate, applies it only if it has changes, and verifies it by its state. Everything outside of the process
is reached through `session.ports.Tools`; `execution.wiring` creates the real ones. A run that fails or is interrupted
ends with a result like a successful one.

**Verify.** After phase 3 the training `pipeline` produces a model; `smoke` sends every blueprint requests with known
answers. `runs` writes a folder with the events, the logs and `result.json`; `reporting` summarises the run and names
the next step.
"""
