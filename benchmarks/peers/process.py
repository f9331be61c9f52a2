"""The other end of `serve.py`: a package in its own process, asked for one photo at a time."""

import json
import os
import subprocess
from pathlib import Path
from typing import IO, Any

from benchmarks.peers.plan import HERE

_LAST_WORDS = 300  # characters of the last output of a process on stderr


class Worker:
    """One use of a package in its own process.

    Args:
        python: the interpreter of its environment.
        script: its file in `workers/`.
        variant: which use of it.
        photos: folder of 0.npy, 1.npy, ...
        environment: variables that it has beside those of this process.

    Attributes:
        skipped: why it cannot run, or None.
        ready: its own figures: versions, import_ms, load_ms, model_mb, calls, mtcnn.
    """

    def __init__(
        self,
        python: Path | str,
        script: Path,
        variant: str,
        photos: Path,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.skipped: str | None = None
        self.ready: dict[str, Any] = {"calls": []}
        self._said = (photos / f"{os.urandom(4).hex()}.err").open("w+", encoding="utf-8")
        try:
            self._process: subprocess.Popen[str] | None = subprocess.Popen(
                [str(python), str(HERE / "serve.py"), str(script), variant, str(photos)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        except OSError as error:
            self._process, self.skipped = None, f"{python}: {error.strerror}"
            return
        line = self._pipe(self._process.stdout).readline()
        answer = json.loads(line) if line else {"skip": f"ended as it started: {self._words()}"}
        self.skipped = answer.get("skip")
        self.ready = answer.get("ready", self.ready)

    def ask(self, call: str, **task: Any) -> Any:
        """The answer to a task, see `serve.py`.

        Raises:
            SystemExit: the process has ended; the message has its last words.
        """
        assert self._process is not None
        try:
            print(json.dumps({"do": call, **task}), file=self._process.stdin, flush=True)
            line = self._pipe(self._process.stdout).readline()
        except BrokenPipeError:
            line = ""
        if not line:
            command = " ".join(map(str, self._process.args))  # type: ignore[arg-type]
            raise SystemExit(
                f"benchmarks.peers: a worker ended in the middle of the run: {self._words()}\n"
                f"It was: {command}"
            )
        return json.loads(line)

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._pipe(self._process.stdin).close()
            self._process.wait()
            self._pipe(self._process.stdout).close()
        self._said.close()

    def _words(self) -> str:
        self._said.seek(0)
        lines = self._said.read().strip().splitlines()
        return lines[-1][:_LAST_WORDS] if lines else "it said nothing"

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe
