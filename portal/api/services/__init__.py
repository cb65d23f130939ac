"""What the API keeps of itself."""
