"""reviewtui: signed review of model versions, kept in Git."""

__version__ = "0.1.0"
