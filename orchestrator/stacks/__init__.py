"""Bring one stack to what its files say: workspace, plan, gate, apply, proof."""
