"""The page Pretraining: data, choices, a run that is watched, broken and compared."""
