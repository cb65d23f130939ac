"""From files to tables of text: encodings, limits and the shape of a file, no meaning of its cells."""

from portal.exchange.readers.folder import MOST_BYTES, FileThere, find_files, read_bytes, read_table
from portal.exchange.readers.overview import Look, ending_of, look_into, storable
from portal.exchange.readers.tables import BadFile, Line, Table, column_name, readable

__all__ = [
    "MOST_BYTES",
    "BadFile",
    "FileThere",
    "Line",
    "Look",
    "Table",
    "column_name",
    "ending_of",
    "find_files",
    "look_into",
    "read_bytes",
    "read_table",
    "readable",
    "storable",
]
