"""What people read: console, progress, summaries, graphs, explanations."""
