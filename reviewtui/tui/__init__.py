"""The app: one screen or dialog a module, over the values of reviewtui.project.

Textual reads here how long the Esc key waits for the rest of a longer key's bytes; its own 100 ms are twice what a key
may take. Terminals with the Kitty protocol need no waiting. Whoever sets ESCDELAY, over a slow line, is heeded.
"""

import os

os.environ.setdefault("ESCDELAY", "25")
