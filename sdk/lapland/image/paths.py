"""Why a text names no file: its true kind, and a remedy."""

import os
import re

from ..base.errors import clipped

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(?=.)")
_BASE64 = re.compile(r"data:[^,]{0,80},|[A-Za-z0-9+/_-]{300,}")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"


def missing(text: str) -> str:
    """Why there is no file of this name."""
    if _BASE64.match(text):
        return (
            f"{clipped(text)}: base64, no path; pass base64.b64decode of the part behind any comma"
        )
    if found := _ADDRESS.match(text):
        scheme, address = found[1], clipped(f"{found[1]}://{text[found.end() :]}")
        if scheme.lower() == "file":
            name = f"file:///{clipped(text[found.end() :])}"
            return f"{name}: there is no such file; pass the path alone, without file://"
        return f"{address}: lapland reads files and downloads nothing; fetch it first"
    name = clipped(text)
    if text.startswith("~"):
        return f"{name}: there is no such file; ~ is expanded by os.path.expanduser, not here"
    if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
        return f"{name}: there is no such file; the quotes are taken for a part of its name"
    if text != text.strip() and os.path.exists(text.strip()):
        return f"{name}: there is no such file; there is one without the space around its name"
    if re.search(r"[*?\[]", text):
        return f"{name}: there is no such file; wildcards are expanded by glob.glob, not here"
    return f"{name}: there is no such file"
