"""The page Fine-tuning: what was trained, what moved, what was gained and what was lost."""
