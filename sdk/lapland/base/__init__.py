"""What every room stands on: errors, files, arrays, boxes, progress."""
