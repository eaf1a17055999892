"""What every part of the emulator builds on: settings, errors, evidence, child processes. Nothing here imports moto."""
