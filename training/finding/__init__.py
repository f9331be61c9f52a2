"""The network that finds small faces in one stage: scenes to learn from, targets, losses."""
