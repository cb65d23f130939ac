"""From files to tables of text: encodings, limits and the shape of a file, no meaning of its cells."""

from portal.exchange.readers.folder import FileThere, find_files, read_table
from portal.exchange.readers.tables import BadFile, Line, Table, readable

__all__ = ["BadFile", "FileThere", "Line", "Table", "find_files", "read_table", "readable"]
