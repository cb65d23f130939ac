"""Who changed what, for administrators: a page, the history of one thing, and an export.

It stands above the features because it names people and things of all of them.
"""
