"""Decide what a command does, from the environment files alone: phases, stacks, steps, values, proofs."""
