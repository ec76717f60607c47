"""Side by side timings: one process, candidates in turns, ratios rather than times."""
