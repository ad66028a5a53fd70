"""Rules over simulated accounts, and what came of every alert."""
