"""The comparison site: several runs, of several implementations, as static pages."""

from conformance.site.pages import CannotCompare, write_site

__all__ = ["CannotCompare", "write_site"]
