"""The frames of a video -> the same faces over time."""
