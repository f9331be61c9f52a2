"""Annotated and unlabelled faces -> crops."""
