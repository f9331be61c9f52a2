"""Made videos with known landmarks, and errors on them."""
