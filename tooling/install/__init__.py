"""The steps of set-up, one module each. Standard library only: nothing is installed yet when they run."""
