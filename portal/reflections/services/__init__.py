"""Rules and writes of reflections."""
