"""Reads of the weekly logs, by subject."""
