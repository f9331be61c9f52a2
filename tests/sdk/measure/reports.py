"""A report of `lapland benchmark`, made up."""


def row(width, precision, median, nmse, threads, *, shipped=True):
    times = {"median": median, "p95": 1.2 * median, "spread": 0.005, "fps": 1000 / median}
    return {
        "width": width,
        "precision": precision,
        "shipped": shipped,
        "file": f"{width}.onnx",
        "parameters": 17_000,
        "bytes": 70_000,
        "nmse": nmse,
        "threads": threads,
        "landmarks": times,
        "predict": {**times, "spread": 2.0},
    }


REPORT = {
    "header": {
        "cpu": "Some Processor",
        "cores": 2,
        "instructions": "AVX2",
        "os": "Linux",
        "load": 0.5,
        "date": "2026-01-01T00:00:00+00:00",
        "versions": dict.fromkeys(("lapland", "onnxruntime", "opencv", "numpy", "python"), "1.0"),
    },
    "settings": {"size": [640, 480], "batch": 1, "faces": 1, "spread": 0.01},
    "models": [
        row("1/16", "float32", 1.5, {"common": 5.21}, 2),
        row("1/16", "int8", 0.9, {"common": 5.39}, 2),
        row("mine", "float32", 4.0, {}, 2, shipped=False),
    ],
}
