"""Answers from landmarks: head pose, eyes and mouth, parts, masks and chips."""
