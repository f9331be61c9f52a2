"""Warns of drowsy eyes in a video: `python examples/drowsiness.py [VIDEO or camera number]`.

Counts blinks, and reports eyes that stay shut for a second, as they do before sleep.
"""

import sys

from lapland import Blinks, track

SHUT = 1.0  # seconds

source = sys.argv[1] if len(sys.argv) > 1 else "0"
blinks, warned = Blinks(), set()
for time, _, faces in track(source):
    for blink in blinks.update(faces, time):
        print(f"{time:.2f} s: face {blink.id} blinked for {blink.duration:.2f} s", flush=True)
    for identity in faces.ids.tolist():
        shut = blinks.shut_for(identity)
        if shut < SHUT:
            warned.discard(identity)
        elif identity not in warned:
            warned.add(identity)
            print(f"{time:.2f} s: face {identity} has its eyes shut", flush=True)
