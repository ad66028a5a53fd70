"""The page of `/metrics` as a pure function of a snapshot."""
