"""The fit of the uncertainty, and its page."""
