"""Reads of endpoints, their messages, and what messages say."""
