"""Modules, classes, cohorts, modes and the teaching calendar."""
