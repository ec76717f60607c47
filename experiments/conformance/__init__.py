"""Every op of PyTorch's own database, run by both libraries, and a scoreboard of what agrees."""
