"""The name of a model -> a checked network that runs."""
