"""Git, and nothing else: the only package that starts git processes."""
