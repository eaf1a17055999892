"""Synthesise a Terraform root from each inference blueprint.

A blueprint file describes one deployment; `synth` converts it to `cdk.tf.json`. There is one small class per kind (a
new kind is a new file and one line in `kinds.KINDS`), and each composes HCL modules from `terraform/modules`; there
are no resources in Python, no provider bindings and no cdktf command line.

Only this package imports cdktf, and only in functions that synthesise: importing it starts a Node.js process.
"""

from orchestrator.blueprints.inputs import synth_inputs
from orchestrator.blueprints.matrix import MATRIX, Cell, cell
from orchestrator.blueprints.synthesis import prepare, synth

__all__ = ["MATRIX", "Cell", "cell", "prepare", "synth", "synth_inputs"]
