"""Measure a trained model, and the live one, on the same rows that neither was trained on."""
