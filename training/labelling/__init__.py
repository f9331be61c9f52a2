"""Labels for faces that have none."""
