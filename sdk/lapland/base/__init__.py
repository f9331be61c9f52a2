"""The ground of every room: errors, files, arrays, boxes, progress."""
