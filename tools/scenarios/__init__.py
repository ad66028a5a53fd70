"""What the rules are tried on: made-up accounts over time, and what must fire. Written as unit tests for promtool."""
