"""The ops, one file a family: each function, then its gradient rule."""
