"""How a service runs: consumer loop, producer, outcomes, dead letters, settings, logs, metrics, health.

It knows no topic and no domain word. A thing enters when two services need it.
"""
