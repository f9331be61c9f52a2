"""From checkpoints, and from the weights of others, to the ONNX files that lapland ships."""
