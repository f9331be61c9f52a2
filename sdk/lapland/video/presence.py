"""Whether a followed face is still there, by the looks of the O-Net and by searches.

All waits are seconds, so that a face is followed alike at 1 frame a second and at 240.
"""

from dataclasses import dataclass

from ..detection.portrait import FACE

# Seconds without a sight of the face that end a track: two looks in a row or more, or one, if there
# was none for so long. Three frames at 30 a second; one at 2.
_GONE, _LONG_GONE = 0.1, 0.25
_NOT_FOUND = 0.2  # seconds of searches in a row, two or more, that do not find an unsure face
# Seconds between looks: if all is well; at a face that is less sure than it was; at one that stays
# unsure; and at one that has just become unsure, or that the last look did not see.
_IF_WELL, _IF_UNEASY, _IF_UNSURE, _AT_ONCE = 1 / 3, 0.1, 1 / 6, 1 / 30
_JUST_UNSURE = 0.1  # seconds
_JITTER = 0.005  # seconds that frames may come early: stamps are often whole milliseconds


@dataclass
class Presence:
    """The last signs of a face. Times are seconds.

    Attributes:
        score: score of the O-Net, at its last look.
        looked_at: time of that look.
        seen_at: when the face was last there: a look saw it, or its landmarks were sure.
        strikes: looks in a row that saw no face.
        unsure_since: when the landmarks became unsure; None while they are sure.
        unseen: searches in a row that did not find it while it was unsure.
        unseen_since: time of the first of them.
        searched_at: time of the last of them.
    """

    score: float = 0.0
    looked_at: float = 0.0
    seen_at: float = 0.0
    strikes: int = 0
    unsure_since: float | None = None
    unseen: int = 0
    unseen_since: float = 0.0
    searched_at: float = 0.0

    @property
    def is_lost(self) -> bool:
        """Whether looks or searches have missed the face for too long."""
        gone = self.looked_at - self.seen_at + _JITTER
        looks = (self.strikes > 1 and gone >= _GONE) or (self.strikes > 0 and gone >= _LONG_GONE)
        searches = self.searched_at - self.unseen_since + _JITTER
        return looks or (self.unseen > 1 and searches >= _NOT_FOUND)

    def seen(self, score: float, now: float) -> None:
        """The O-Net has looked, and gave this score."""
        self.score, self.looked_at = score, now
        self.strikes = 0 if score >= FACE else self.strikes + 1
        if not self.strikes:
            self.seen_at = now

    def found(self) -> None:
        """A search has found the face, or its landmarks are sure."""
        self.unseen = 0

    def not_found(self, now: float) -> None:
        """A search has not found the face; this counts while it is unsure."""
        if self.unsure_since is None:
            return
        if not self.unseen:
            self.unseen_since = now
        self.unseen += 1
        self.searched_at = now

    def fitted(self, unsure: bool, now: float) -> None:
        """The landmarks of a frame were found, and are unsure or not."""
        if unsure:
            self.unsure_since = now if self.unsure_since is None else self.unsure_since
            return
        self.unsure_since, self.unseen = None, 0
        if not self.strikes:  # without a sight by the O-Net it is no face, however sure
            self.seen_at = now

    def sure_again(self) -> None:
        """Other landmarks of this frame are sure."""
        self.unsure_since = None

    def is_look_due(self, uneasy: bool, now: float) -> bool:
        """Whether the O-Net should look."""
        if self.strikes:
            wait = _AT_ONCE
        elif self.unsure_since is not None:
            just = now - self.unsure_since < _JUST_UNSURE - _JITTER
            wait = _AT_ONCE if just else _IF_UNSURE
        else:
            wait = _IF_UNEASY if uneasy else _IF_WELL
        return now - self.looked_at >= wait - _JITTER
