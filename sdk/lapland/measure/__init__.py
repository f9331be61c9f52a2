"""Speed and size of models on this machine."""
