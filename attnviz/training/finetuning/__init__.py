"""Going on from a trained model: what carries over, what trains, what is gained and what is forgotten."""
