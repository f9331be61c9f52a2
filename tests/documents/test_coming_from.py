"""Pages for people who come from other packages name the right points."""

import ast
import re

from benchmarks.peers.vertices import VERTICES
from lapland import IBUG68
from tests.documents.blocks import ROOT

FOLDER = ROOT / "docs" / "coming-from"


def named(page, name):
    """A constant of a page, made of those before it."""
    made: dict = {}
    for block in re.findall(r"```python\n(.*?)```", (FOLDER / page).read_text(), re.DOTALL):
        for node in ast.parse(block).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).isupper():
                exec(ast.unparse(node), made)
    return made[name]


def test_mediapipes_vertices_are_those_of_the_benchmark():
    assert tuple(named("mediapipe.md", "MESH_68")) == VERTICES


def test_each_of_the_68_points_is_another_of_the_106():
    assert len(set(named("insightface.md", "FROM_106"))) == 68


def test_parts_of_face_recognition_cover_the_68_points():
    parts = named("face_recognition.md", "PARTS")
    assert {i for part in parts.values() for i in part} == set(range(68))
    mirrored = {IBUG68.mirror[i] for i in parts["left_eye"]}
    assert mirrored == set(parts["right_eye"])
