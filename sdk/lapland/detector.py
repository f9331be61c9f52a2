"""Detector: a photo in, landmarks out."""

import functools
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .base.boxes import around, iou
from .base.errors import OptionError, shown
from .base.heap import FACE_BYTES, LOADED, trimmer
from .base.hints import DETECTOR, DETECTOR_KEYWORDS, PREDICT_KEYWORDS, Hinting, hinting
from .crop.given import checked_boxes, checked_five_points
from .crop.halves import Halves
from .faces.faces import Faces
from .image.loading import Image, ImageLike, load_image
from .networks.info import ModelInfo
from .options import DetectorOptions, Networks, load_networks

if TYPE_CHECKING:
    from .landmarks.network import Located


class Detector(Hinting):
    """Finds faces and their landmarks. Loaded once, used for any number of photos and threads.

    A detector works in forked processes, too, and loads its networks anew there. It can be copied
    and pickled; the copy loads the same files, so a custom model must lie at the same path there.

    Args:
        width: which landmark model: a width of the network, `lapland models` lists them; None for
            the default one.
        precision: "int8" or "float32", of its arithmetic; None for int8 if the width has it.
        weights: family of the weights: "open" for those that anyone may ship, or "300w" for those
            that were trained on 300-W, for research only. None takes the default family, that of
            the default model.
        decoder: how landmarks are read from the network's heatmaps: "softargmax", the mean over all
            of a map, which the networks are trained for; "local", the mean in a window about the
            peak; or "barycenter", the mean of the values above the background. Scales and radii
            come from the whole map, and are measured with softargmax.
        looks: how many crops of each face are averaged: 1; 2, with its mirror image; or 4, with a
            crop about the landmarks of these two, and its mirror image. Landmarks err less, and
            take as many times as long. Scales are averaged, too.
        model: path of an ONNX file of your own instead, written by `export.rcn`.
        detector: the face detector: "blazeface", BlazeFace for large faces and a network of our own
            for small ones, which know faces that lean by up to 60 degrees; or "mtcnn", the cascade
            of the paper, which knows upright faces, misses more of them, and takes longer.
        turned: look for faces at any angle, upside down too; with "blazeface" alone.
        min_face: side of the smallest face to look for, image pixels.
        thresholds: three scores that a face must exceed; None takes those of the detector. Of
            "blazeface" (0.6, 0.4, 0.58): in BlazeFace, in the network for small faces, and in the
            mean of all networks if the last one that looks is not sure. Of "mtcnn" (0.6, 0.7, 0.7):
            in its three networks.
        pyramid_factor: ratio of neighbouring sizes at which "mtcnn" looks for faces.
        threads: threads of one call; None takes one for each core.
        rgb: True for arrays and tensors in RGB, as those of PIL, matplotlib and MediaPipe; False
            for BGR, as OpenCV's. Files know their order.
        min_confidence: the least `Faces.confidence` of a face; the result lacks those below.
        max_faces: how many faces at most, the largest; None gives all.

    Raises:
        OptionError: a keyword is outside its range.
        ModelError: the model file is missing, damaged or foreign, or the package of its family is
            not installed.

    Example:
        >>> faces = Detector().predict("people.jpg")
        >>> faces.landmarks.shape
        (2, 68, 2)
    """

    HINTS = DETECTOR

    @hinting(DETECTOR_KEYWORDS)
    def __init__(
        self,
        width: str | None = None,
        *,
        precision: str | None = None,
        weights: str | None = None,
        decoder: str = "softargmax",
        looks: int = 1,
        model: str | os.PathLike[str] | None = None,
        detector: str = "blazeface",
        turned: bool = False,
        min_face: int = 40,
        thresholds: tuple[float, float, float] | None = None,
        pyramid_factor: float = 0.709,
        threads: int | None = None,
        rgb: bool = False,
        min_confidence: float = 0.0,
        max_faces: int | None = None,
    ) -> None:
        options = DetectorOptions(
            *(width, precision, weights, decoder, looks, model, detector, turned, min_face),
            *(thresholds, pyramid_factor, threads, rgb, min_confidence, max_faces),
        )
        self._networks = load_networks(options)
        # Absolute for copies, which may be loaded in a process that works in another folder.
        self._options = options if model is None else replace(options, model=Path(model).absolute())
        trimmer.after(LOADED * self.model.bytes)
        self._alone: Detector | None = None
        if min_confidence > 0 and self.model.calibration is None:
            raise OptionError(
                f"min_confidence: expected a calibrated model, not {shown(self.model.name)}; "
                "`python -m export.rcn` calibrates a model"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial(type(self), **vars(self._options)), ()

    @property
    def model(self) -> ModelInfo:
        """The metadata of the landmark model."""
        return self._networks.landmarks.info

    @property
    def networks(self) -> Networks:
        """The two stages, for the tracker and the benchmarks; not a public interface."""
        return self._networks

    @property
    def rgb(self) -> bool:
        """Whether arrays count as RGB."""
        return bool(self._options.rgb)

    def __call__(self, *_: object, **__: object) -> Faces:
        """Names `predict`: other packages call their detectors."""
        raise TypeError("a Detector is not called; lapland has `predict(image)`")

    @hinting(PREDICT_KEYWORDS)
    def predict(
        self,
        image: ImageLike,
        *,
        boxes: ArrayLike | None = None,
        five_points: ArrayLike | None = None,
    ) -> Faces:
        """Finds the landmarks of every face in a photo.

        Args:
            image: a path; the bytes of an encoded image; or a uint8 array: (H, W, 3) BGR,
                (H, W) grey or (H, W, 4) BGRA. Files are turned as their EXIF data say.
            boxes: (N, 4) x1, y1, x2, y2 in image pixels, if the faces are known: the face detector
                then finds only the five points and the score of each box. Faces may be turned.
            five_points: (N, 5, 2) in image pixels, where those are known too: left eye, right eye,
                nose, left and right corner of the mouth, left and right as seen in the image.
                Every score is 1 then, and the boxes are those of the landmarks. The crops are cut
                about these points, right or wrong.

        Returns:
            The faces, largest box first; in the order given for `boxes` and `five_points`.
            No face gives `Faces` of length 0. All numbers are finite and below 1e9, scores in 0..1,
            and scales at least 0.

        Raises:
            ImageError: the image cannot be used; `ImageNotFoundError` if there is no file.
            GeometryError: boxes or five points have a wrong shape or values.
            OptionError: the caller gives boxes and five points.
        """
        pixels = load_image(image, rgb=self.rgb)
        if five_points is not None:
            if boxes is not None:
                raise OptionError("give boxes or five_points, not both")
            placed = checked_five_points(five_points)
            faces = self._given(pixels, placed, np.ones(len(placed), np.float32))
        elif boxes is not None:
            given = checked_boxes(boxes)
            scores, points = self._networks.faces.five_points(pixels, given)
            faces = self._given(pixels, points, scores, given)
        else:
            faces = self._detected(pixels)
        trimmer.after(pixels.nbytes + FACE_BYTES * len(faces))
        return faces

    def predict_many(self, images: Iterable[ImageLike]) -> Iterator[Faces]:
        """Finds the landmarks in many photos, several at a time.

        Each core works on a photo (or, if `threads` was given, so many cores do); a few results
        wait for the slowest. For results in files, and for photos that may be damaged, see
        `lapland predict --jobs`.

        Args:
            images: each as for `predict`, of any sizes; read on demand.

        Yields:
            The faces of each photo, in the order of the photos.

        Raises:
            ImageError: at the place of a photo that cannot be used.
            OptionError: `images` is a single image.
        """
        if isinstance(
            images, (str, bytes, bytearray, memoryview, os.PathLike, dict)
        ) or not isinstance(images, Iterable):
            raise OptionError(
                f"images: expected a list or generator of images, not {shown(images)}; "
                "for one image call predict"
            )
        from .base.threads import cores, in_order

        threads = self._options.threads
        one = self if threads is not None else self._single()
        return in_order(one.predict, images, max(1, cores() // (threads or 1)))

    def _single(self) -> "Detector":
        """The same with one thread for each call, as the calls take the cores."""
        if self._alone is None:
            self._alone = type(self)(**vars(replace(self._options, threads=1)))
        return self._alone

    def _detected(self, pixels: Image) -> Faces:
        """The faces that the face detector finds."""
        photo = Halves(pixels)  # the crops of large faces come from those of the detector
        found, scores, points = self._networks.faces.detect(photo)
        largest = np.argsort(-(found[:, 2:] - found[:, :2]).prod(axis=1), kind="stable")
        least, most = self._options.min_confidence, self._options.max_faces
        few = largest if least > 0 or most is None else largest[:most]
        faces = self._found(photo, points[few], scores[few], found[few])
        if len(faces) < (most or 0) and len(few) < len(largest):  # some were none
            faces = self._found(photo, points[largest], scores[largest], found[largest])
        if least > 0 and len(faces):
            faces = faces[faces.confidence >= least]
        return faces if most is None else faces[:most]

    def _found(
        self,
        photo: Halves,
        points: NDArray[Any],
        scores: NDArray[np.float32],
        boxes: NDArray[np.float32],
    ) -> Faces:
        """The faces of the face detector, without those that are none and seem sure."""
        from .landmarks.agreement import SAME, SURE, checked

        faces, landmarks = self._networks
        located = landmarks.locate(photo, points, textured=True)
        agreement = checked(landmarks, faces, photo, points, located)
        kept, moved = agreement.seen, agreement.moved
        if moved.any():  # a face found upside down has its box elsewhere
            boxes = boxes.copy()
            boxes[moved] = around(agreement.located.landmarks[moved])
            twins = iou(boxes, boxes[kept & ~moved]).max(axis=1, initial=0.0) > SAME
            kept = kept & ~(moved & twins)
        result = self._result(photo.image, agreement.five_points, agreement.located, scores, boxes)
        if kept.all():
            return result
        # Landmarks that no face confirms may stay if they say that they are unsure.
        unsure = ~agreement.seen & (result.confidence < SURE)
        return result[kept | unsure]

    def _given(
        self,
        image: Image,
        points: NDArray[Any],
        scores: NDArray[np.float32],
        boxes: NDArray[Any] | None = None,
    ) -> Faces:
        """The faces of the caller; boxes are the rectangles of the landmarks if not given."""
        faces, landmarks = self._networks
        located = landmarks.locate(image, points, textured=True)
        if boxes is None:
            return self._result(image, points, located, scores, around(located.landmarks))

        from .detection.portrait import look_at
        from .landmarks.agreement import checked

        agreement = checked(landmarks, faces, image, points, located, given=True)
        scores = scores.copy()  # of faces that stand as their boxes do; others were found turned
        for i in np.flatnonzero(agreement.moved):
            scores[i] = look_at(faces, image, agreement.five_points[i]).score
        return self._result(image, agreement.five_points, agreement.located, scores, boxes)

    def _result(
        self,
        image: Image,
        points: NDArray[Any],
        located: "Located",
        scores: NDArray[np.float32],
        boxes: NDArray[Any],
    ) -> Faces:
        return Faces(
            boxes,
            scores,
            points,
            located.landmarks,
            located.scales,
            self.model.scheme,
            textures=located.textures,
            calibration=self.model.calibration,
            image_size=(image.shape[1], image.shape[0]),
        )
