"""Training of the landmark networks: data, augmentation, losses, the loop and evaluation."""
