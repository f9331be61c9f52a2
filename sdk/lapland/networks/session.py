"""onnxruntime, and nothing else of the package imports it: options, threads, forks, run."""

import ctypes
import os
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

# From 1.29 on, onnxruntime sends its makers data about its use, unless the variable says otherwise
# before it is imported. The thread that does so has another fault: a process that was forked beside
# it hangs when it exits.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort

from ..base.errors import ModelError, OptionError, shown
from ..base.forked import after_fork

ort.disable_telemetry_events()  # for programs that have imported it before

Array = np.ndarray[Any, np.dtype[Any]]
_MOST_THREADS = 1024
# Bytes of an input from which on the memory of a run goes back: some twenty times as many. That of
# smaller ones is kept. To take it anew costs little in most processes, and a fifth of the time of a
# photo in those where the C library gives it back to the system each time.
_LARGE = 1_000_000
Shape = tuple[str, list[int | str | None]]
RUNTIME_VERSION: str = ort.__version__


class Session:
    """One ONNX graph, loaded and ready to run on the CPU. Calls may come from several threads.

    In a forked process the graph is loaded anew, at its first run there.

    Attributes:
        metadata: the custom metadata that is written into the file.
        inputs: name of each input -> (onnxruntime's type, shape; a free dimension is a string).
        outputs: dtype and shape of each output.

    Args:
        model: the bytes of an ONNX file.
        name: name of the file in messages.
        threads: threads for one run; None leaves it to onnxruntime: one for each core.
        optimise: whether the graph is optimised when loading; False if it is only looked at.

    Raises:
        OptionError: `threads` is neither None nor a positive integer up to 1024.
        ModelError: onnxruntime cannot load the bytes.
    """

    def __init__(
        self, model: bytes, *, name: str, threads: int | None = None, optimise: bool = True
    ) -> None:
        if threads is not None and not _is_count(threads):
            raise OptionError(
                f"threads must be None or a positive integer up to {_MOST_THREADS}, "
                f"not {shown(threads)}"
            )
        self._name = name
        self._given = model, threads, optimise
        try:
            session = _loaded(*self._given, keeps=True)
            # Read here, since names and values that are no text fail only when they are read.
            self.metadata = dict(session.get_modelmeta().custom_metadata_map)
            self.inputs = _described(session.get_inputs())
            self.outputs = _described(session.get_outputs())
        except Exception as error:  # onnxruntime's classes derive from Exception alone
            raise ModelError(
                f"{name}: onnxruntime {ort.__version__} cannot load this file ({_first(error)}); "
                "it is damaged or not an ONNX graph"
            ) from error
        # For small inputs and for large ones. One that keeps its memory cannot be made to give it
        # back: the results of a run lie in it, too.
        self._sessions: list[Any] = [session, None]
        _all.add(self)

    def run(self, outputs: Sequence[str], feeds: Mapping[str, Array]) -> list[Array]:
        """Runs the graph and returns the named outputs, in that order.

        Raises:
            ModelError: the graph cannot be run.
        """
        large = any(feed.nbytes >= _LARGE for feed in feeds.values())
        session = self._sessions[large]
        if session is None:  # the first large input, or this process was forked
            # Two threads may both load it, and one is dropped.
            session = self._sessions[large] = _loaded(*self._given, keeps=not large)
        try:
            arrays: list[Array] = session.run(list(outputs), dict(feeds))
        except Exception as error:  # shapes that do not fit show when it is run
            raise ModelError(
                f"{self._name}: onnxruntime {ort.__version__} cannot run it ({_first(error)})"
            ) from error
        return arrays

    def forget(self) -> None:
        """In a forked process: leaves the parent's sessions alone, whose threads are missing.

        To run one would wait for those threads, and so would to free it: it is never freed.
        """
        for session in filter(None, self._sessions):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(session))
        self._sessions = [None, None]


_all: "weakref.WeakSet[Session]" = weakref.WeakSet()


def _forget_parent() -> None:
    for session in list(_all):
        session.forget()


after_fork(_forget_parent)


def _loaded(model: bytes, threads: int | None, optimise: bool, *, keeps: bool) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 3  # a library does not print; errors come as exceptions
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = keeps
    # A plan of the memory of each shape would stay for as long as the session lives.
    options.enable_mem_pattern = False
    if threads is not None:
        options.intra_op_num_threads = int(threads)
    # Threads that spin between runs take the cores from the program around us.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not optimise:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(
        model,
        sess_options=options,
        providers=["CPUExecutionProvider"],
        enable_fallback=0,  # else 1.23 and later print and try again
    )


def _is_count(value: object) -> bool:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return whole and 1 <= value <= _MOST_THREADS  # type: ignore[operator]


def _described(values: Iterable[Any]) -> dict[str, Shape]:
    return {value.name: (value.type, list(value.shape)) for value in values}


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
