"""Measures whether the rules warn in time: simulated accounts with a known truth, and a verdict on every alert."""
