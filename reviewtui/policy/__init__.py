"""The release policy: what may be written, and what it decides."""
