"""The running process: start, reload and stop."""
