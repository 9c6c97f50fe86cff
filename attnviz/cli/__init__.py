"""The command line: `attnviz tasks | train | eval | experiment | bench`."""
