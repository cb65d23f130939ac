"""What the pages of reflections send."""
