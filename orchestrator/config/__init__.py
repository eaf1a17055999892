"""Environment files: their model, how they are read, and what is checked across them."""

from orchestrator.config.loader import environment_names, load
from orchestrator.config.model.platform import Blueprint, Environment, Platform

__all__ = ["Blueprint", "Environment", "Platform", "environment_names", "load"]
