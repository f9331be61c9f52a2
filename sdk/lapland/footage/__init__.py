"""Frames of files, cameras and streams, and their recording."""
