"""Reads that only programs need: pages of lists by ids, with all fields."""
