"""Programs that run inside the child processes, under the interpreter of jobs or of Lambda.

Each is a single file that does not import the emulator and stays compatible with Python 3.10.
"""
