"""What is known about each account: readings, consumption, thresholds, and the state file."""
