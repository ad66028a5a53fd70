"""Reading and validating files: YAML documents, problems with dotted paths, durations, and types of text."""
