"""The page Pictures: a Vision Transformer's patches, heads and answers, and patches that are hidden from it."""
