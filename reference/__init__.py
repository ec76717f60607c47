"""The three experiments in PyTorch: the specification that `experiments` is read against."""
