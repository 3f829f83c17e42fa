"""The app: one screen or dialog a module, over the values of reviewtui.project."""
