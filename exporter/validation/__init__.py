"""Reading files: YAML documents, problems with dotted paths, durations, and the kinds of text that files contain."""
