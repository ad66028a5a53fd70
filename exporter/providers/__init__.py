"""What a vendor is: one YAML definition each, and the one engine that reads them all."""
