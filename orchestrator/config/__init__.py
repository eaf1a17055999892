"""Environment files: their model, the loader, and the rules across sections."""

from orchestrator.config.loader import environment_names, load
from orchestrator.config.model.platform import Blueprint, Environment, Platform

__all__ = ["Blueprint", "Environment", "Platform", "environment_names", "load"]
