"""Errors, and the conditions they are measured under."""
