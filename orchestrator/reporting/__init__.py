"""Output for users: console, progress, summaries, graphs, explanations."""
