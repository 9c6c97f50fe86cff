"""The page Compress: heads taken out, weights of one byte, and what each costs."""
