"""Forms of the tracker, by subject."""
