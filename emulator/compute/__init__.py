"""The real work behind the control plane: every module here starts child processes and watches them.

None of them knows moto. The seams translate between moto's records and the plain values used here.
"""
