"""Five points -> crop, and crop pixels back to the image."""
