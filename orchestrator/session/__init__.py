"""What one run shares: its tools, target, results and approvals."""
