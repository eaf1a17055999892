"""Recognise loopback addresses, and keep child processes away from this machine's AWS configuration."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

NOTHING_OF_THIS_MACHINE = {
    "AWS_EC2_METADATA_DISABLED": "true",
    # HOME stays (terraform keeps files there), so the files with profiles are replaced.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""Environment variables that keep an AWS client from reading this machine's profiles and metadata."""


def is_loopback(url: str) -> bool:
    """Return whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
