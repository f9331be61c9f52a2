"""Laplace scales -> radii and confidence."""
