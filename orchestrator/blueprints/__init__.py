"""Inference blueprints: what varies in number is Python, and becomes a Terraform root like every other.

A blueprint file asks for one deployment; `synth` turns it into `cdk.tf.json`. There is one small class per
kind (a new kind is a new file and one line in `kinds.KINDS`), and each composes HCL modules from
`terraform/modules`; there are no resources in Python, no provider bindings and no cdktf command line.

All imports of cdktf sit in this package, and only in functions that synthesise: importing it starts a
Node.js process.
"""

from orchestrator.blueprints.inputs import synth_inputs
from orchestrator.blueprints.matrix import MATRIX, Cell, cell
from orchestrator.blueprints.synthesis import prepare, synth

__all__ = ["MATRIX", "Cell", "cell", "prepare", "synth", "synth_inputs"]
