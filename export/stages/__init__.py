"""From a photo to landmarks and radii as nodes of one graph, stage by stage."""
