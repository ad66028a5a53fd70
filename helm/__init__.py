"""What is written of the Helm chart rather than by hand: the table of its README and the schema of its values."""
