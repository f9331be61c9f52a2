"""`lapland models`: a table, and lines of JSON."""

import json
import re

from lapland.cli.main import main
from lapland.networks import index, loading


def test_models(capsys):
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    for name in index.shipped():
        info = loading.describe(index.path(name))
        assert re.search(
            rf"^{info.width} +{info.precision} +{info.parameters:,} ", out, re.MULTILINE
        )
    assert "research use only" in out
    assert main(["models", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == [entry.name for entry in index.listed()]
    there = [row for row in rows if row["path"] is not None]
    assert [row["name"] for row in there] == index.shipped()
    assert {"weights", "width", "parameters", "bytes", "nmse", "licence"} < set(there[0])
