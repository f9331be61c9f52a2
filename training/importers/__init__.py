"""Annotations of other tools -> faces: one file a format."""
