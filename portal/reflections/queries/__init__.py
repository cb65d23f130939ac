"""Reads of reflections."""
