"""Import and export of files: check a folder, write what was checked, or write the files from what is stored."""

from portal.exchange.services.checking import Checked, check_files, check_folder
from portal.exchange.services.exporting import Exported, export_folder
from portal.exchange.services.noting import note_run
from portal.exchange.services.results import Remark, Report, RowResult, Verdict
from portal.exchange.services.writing import Written, write

__all__ = [
    "Checked",
    "Exported",
    "Remark",
    "Report",
    "RowResult",
    "Verdict",
    "Written",
    "check_files",
    "check_folder",
    "export_folder",
    "note_run",
    "write",
]
