"""The figures of a network on the validation faces, during training."""

from torch import nn

from lapland.crop import square
from training.data.crops import cut_all
from training.data.faces import AnnotatedFaces
from training.evaluation import metrics
from training.evaluation.decoding import predict
from training.recipes.recipe import Recipe


class Validation:
    """The validation faces, cropped once from the five points that a user's photo would give."""

    def __init__(self, faces: AnnotatedFaces, recipe: Recipe) -> None:
        self.faces, self.beta = faces, recipe.beta
        self.matrices = recipe.crop.matrices(faces.five_points)
        self.crops = cut_all(faces, self.matrices)  # (N, 80, 80, 3) uint8

    def nmse(self, net: nn.Module) -> float:
        """NMSE in percent of the faces' sizes."""
        landmarks, _ = predict(net, self.crops, self.beta)
        # In the photo, where the faces of all sizes are divided by their own length.
        # (N, K, 2), image pixels.
        points = square.to_image(landmarks.double().numpy(), self.matrices)
        return metrics.nmse(metrics.point_errors(points, self.faces.landmarks, self.faces.sizes))
