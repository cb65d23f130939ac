"""Rules and writes of messages for other systems."""
