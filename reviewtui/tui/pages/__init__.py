"""What the tabs of a version say: one function each, from a VersionView and a width to lines."""
