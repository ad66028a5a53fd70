"""The commands: each reads its flags and returns an exit code."""
