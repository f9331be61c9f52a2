"""Paths, files and commit, for all tools here."""
