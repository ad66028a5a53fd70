"""HTTP outwards: when each account is polled, and how."""
