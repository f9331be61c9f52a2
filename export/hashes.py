"""SHA-256 of every shipped file, in `models/SHA256SUMS`: `python -m export.hashes`.

The runtime refuses a shipped file that differs; `sha256sum -c SHA256SUMS` checks them by hand.
"""

import hashlib
from pathlib import Path

from training.files import REPOSITORY, write_text

MODELS = REPOSITORY / "models"


def record(models: Path = MODELS) -> None:
    """Writes the hashes of all ONNX files below the folder."""
    files = sorted(models.rglob("*.onnx"))
    rows = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(models).as_posix()}\n"
        for file in files
    ]
    write_text(models / "SHA256SUMS", "".join(rows))


if __name__ == "__main__":
    record()
