"""The app: one screen or dialog a module, over the values of reviewtui.project."""

import os

# Frames a second, unless the user says otherwise: a key that one widget answers after the other waits a frame for each,
# and at Textual's own 60 that is longer than all the work. Textual looks when it is first loaded.
os.environ.setdefault("TEXTUAL_FPS", "120")
