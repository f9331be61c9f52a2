"""The result, and how to draw it."""
