"""The page Graphs: a Graph Transformer, whose mask is the adjacency matrix, and edges that come and go."""
