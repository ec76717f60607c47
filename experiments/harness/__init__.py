"""What runs the experiments beside PyTorch, compares them, and reports."""
