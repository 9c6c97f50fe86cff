"""The page Decoding: what goes into the decoder, and how one token after the other comes out."""
