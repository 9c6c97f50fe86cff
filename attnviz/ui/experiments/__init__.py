"""The page Experiments: predict, run, reveal."""
