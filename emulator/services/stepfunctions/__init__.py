"""Step Functions: corrections and additions to moto's interpreter of state machines."""
