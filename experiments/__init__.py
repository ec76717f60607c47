"""The three experiments on minitorch_np, and the harness that runs them beside PyTorch."""
