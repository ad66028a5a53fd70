"""The Helm chart's values schema and README table, from values.yaml."""
