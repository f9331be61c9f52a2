"""A head in three dimensions, fitted to labelled faces to turn them."""
