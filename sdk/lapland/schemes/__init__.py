"""Annotation schemes: the meaning of each landmark."""
