"""The operator's file: what it may say, and how it becomes a frozen `Config`."""
