"""Crops -> landmarks and scales."""
