"""The sample repository of `reviewtui demo`: two models, their versions over months, and the people who review them."""

from reviewtui.demo.build import build_demo

__all__ = ["build_demo"]
