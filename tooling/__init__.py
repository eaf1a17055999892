"""Set-up, checks and generated documents of this repository, and tools for its releases.

`tooling.install` uses nothing but the standard library: it runs before anything is installed.
"""
