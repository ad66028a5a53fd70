"""As much of PromQL and of Prometheus's rule manager as the rules need, whole periods at a time in numpy."""
