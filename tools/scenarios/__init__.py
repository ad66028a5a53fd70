"""Time series for the unit tests of the trend rules, as Python."""
