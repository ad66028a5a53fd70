"""The operator's configuration file: validation, and the settings of each account."""
