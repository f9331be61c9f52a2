"""Image -> boxes, scores and five points of its faces."""
