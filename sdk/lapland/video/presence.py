"""Whether a followed face is still there, by the looks of the O-Net and by searches."""

from dataclasses import dataclass

FACE = 0.5  # score of the O-Net from which it sees a face
_STRIKES = 3  # looks without a face, or searches that do not find it, that end a track
_LOOK_EVERY = 10  # frames, if all is well
_STILL_UNSURE = 5  # frames between looks at a face that is there and stays unsure
_UNEASY_EVERY = 3  # the same, at one that is less sure than it was


@dataclass
class Presence:
    """Whether the face is still there.

    Attributes:
        score: of the O-Net, at its last look.
        strikes: looks in a row that saw no face.
        unseen: searches in a row that did not find it while it was unsure.
        looked: number of the frame of the last look.
        unsure_frames: frames in a row in which the landmarks were unsure.
    """

    score: float = 0.0
    strikes: int = 0
    unseen: int = 0
    looked: int = -1
    unsure_frames: int = 0

    @property
    def is_lost(self) -> bool:
        """Whether looks and searches have missed the face too often."""
        return max(self.strikes, self.unseen) >= _STRIKES

    def seen(self, score: float, frame: int) -> None:
        """The O-Net has looked, and gave this score."""
        self.score, self.looked = score, frame
        self.strikes = 0 if score >= FACE else self.strikes + 1

    def found(self) -> None:
        """A search has found the face, or its landmarks are sure."""
        self.unseen = 0

    def not_found(self) -> None:
        """A search has not found the face; this counts while it is unsure."""
        if self.unsure_frames:
            self.unseen += 1

    def fitted(self, unsure: bool) -> None:
        """The landmarks of a frame were found, and are unsure or not."""
        self.unsure_frames = self.unsure_frames + 1 if unsure else 0
        self.unseen = self.unseen if unsure else 0

    def sure_again(self) -> None:
        """Other landmarks of this frame are sure."""
        self.unsure_frames = 0

    def frames_to_next_look(self, uneasy: bool) -> int:
        """Frames from one look to the next."""
        if self.strikes:
            return 1
        if self.unsure_frames:
            return _STILL_UNSURE if self.unsure_frames > _STRIKES else 1
        return _UNEASY_EVERY if uneasy else _LOOK_EVERY
