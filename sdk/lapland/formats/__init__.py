"""Faces as files and as objects of other tools."""
