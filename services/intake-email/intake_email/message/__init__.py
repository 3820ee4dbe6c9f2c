"""A message's bytes to what they mean. Pure: bytes in, plain data out; nothing here raises for bad mail or knows a service."""
