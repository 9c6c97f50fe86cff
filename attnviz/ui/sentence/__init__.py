"""The sentence of a page: its row, own files, the model that reads it and what it makes of it."""
