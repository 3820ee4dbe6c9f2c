"""The staff API: what people and programs of the town read and change. `api.py` above puts it together."""
