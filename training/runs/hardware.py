"""The devices of a run: CPU, GPU, or several of either, through accelerate."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator


def accelerator() -> Accelerator:
    """An accelerator for this machine, in bf16 if the processor has instructions for it.

    ACCELERATE_MIXED_PRECISION, "no" or "bf16", decides otherwise: some processors have the
    instructions and are faster without.
    """
    chosen = os.environ.get("ACCELERATE_MIXED_PRECISION", "bf16" if _has_bf16() else "no")
    return Accelerator(mixed_precision=chosen, cpu=not torch.cuda.is_available())


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Flushes denormal float32 numbers to 0, here and in threads begun meanwhile.

    Once maps are narrow, the gradient of a softmax over thousands of pixels is full of such
    numbers. They change nothing and make processors many times slower: without this,
    training steps take up to six times as long after the first passes.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def describe(used: Accelerator) -> str:
    """The hardware of a run in a few words."""
    if used.device.type == "cuda":
        return f"{used.num_processes} x {torch.cuda.get_device_name()}"
    return f"{torch.get_num_threads() * used.num_processes} CPU threads"


def _has_bf16() -> bool:
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    # Without AVX-512's or AMX's instructions for it, bf16 on a CPU is slower than float32.
    mkldnn = torch.backends.mkldnn.is_available()  # oneDNN, which has the kernels in bf16
    return mkldnn and torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001 (no other)
