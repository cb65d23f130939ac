"""How fast the portal is with a whole term in it: `python -m bench`."""
