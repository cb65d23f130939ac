"""The operations of the API, by resource; importing a module hangs its operations on the blueprint."""
