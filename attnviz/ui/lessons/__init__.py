"""The page Lessons: which paths there are."""
