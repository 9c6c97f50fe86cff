"""What trains runs: one process at a time writes a run's folder."""
