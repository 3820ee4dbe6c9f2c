"""What crosses a service border: envelope, events, topics, identity, reply tokens. Pure: no I/O, no client library.

A newcomer starts with `registry.py` (which topic carries which event, who writes, who reads), then the event's own module.
"""
