"""What the API takes and gives, by subject. The document of the API is made from these."""
