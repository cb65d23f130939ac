"""Forms of allocations, by subject."""
