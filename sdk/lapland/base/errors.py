"""The errors that lapland raises, each also the built-in class that fits.

::

    LaplandError
    ├── ImageError              (ValueError)         what was given is no usable image
    │   └── ImageNotFoundError  (FileNotFoundError)  there is no file at that path
    ├── GeometryError           (ValueError)         boxes or five points of a wrong form
    ├── OptionError             (ValueError)         a keyword outside its range
    ├── ModelError              (ValueError)         a model file that is damaged or foreign
    │   └── ModelNotFoundError  (FileNotFoundError)  no model of that name or path
    └── MissingExtraError       (ImportError)        an adapter whose library is not installed
"""


class LaplandError(Exception):
    """Whatever lapland raises on its own account."""


class ImageError(LaplandError, ValueError):
    """What was given as an image cannot be used as one."""


class ImageNotFoundError(ImageError, FileNotFoundError):
    """There is no file at the path that was given as an image."""


class GeometryError(LaplandError, ValueError):
    """Boxes or five points have a wrong shape or values."""


class OptionError(LaplandError, ValueError):
    """A keyword argument has a value outside its range."""


class ModelError(LaplandError, ValueError):
    """A model file is damaged, or is not one that lapland can run."""


class ModelNotFoundError(ModelError, FileNotFoundError):
    """There is no model of that name, or no file at that path."""


class MissingExtraError(LaplandError, ImportError):
    """A library that a method needs beyond lapland's own is not installed."""
