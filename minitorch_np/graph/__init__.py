"""What recording a graph and going backward through it need: modes, nodes, the walk, in-place."""
