"""What the pages Pictures and Graphs share: a stage with a board, every head and the answers, and training."""
