"""Random programs of views, writes, hooks and backward, run by both libraries in step."""
