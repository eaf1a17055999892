"""Carry out a plan: schedule its steps, apply stacks, release, tear down."""
