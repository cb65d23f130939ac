"""Writes of the catalogue and of the teaching calendar, by subject."""

from portal.catalogue.services.breaks import (
    BreakDraft,
    add_break,
    find_break,
    list_named_breaks,
    remove_break,
    save_breaks,
    stored_breaks,
)
from portal.catalogue.services.bulk import (
    ClassDraft,
    CohortDraft,
    ModuleDraft,
    mode_names,
    save_classes,
    save_cohorts,
    save_departments,
    save_modules,
    stored_classes,
    stored_cohorts,
    stored_departments,
    stored_modules,
)

__all__ = [
    "BreakDraft",
    "ClassDraft",
    "CohortDraft",
    "ModuleDraft",
    "add_break",
    "find_break",
    "list_named_breaks",
    "mode_names",
    "remove_break",
    "save_breaks",
    "save_classes",
    "save_cohorts",
    "save_departments",
    "save_modules",
    "stored_breaks",
    "stored_classes",
    "stored_cohorts",
    "stored_departments",
    "stored_modules",
]
