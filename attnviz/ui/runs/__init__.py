"""What every page with runs shares: controls, numbers, curves, time line, heads, samples, phases, list, comparison."""
