"""The report of a certification: for a terminal, as a page, and as SARIF. As JSON it is the certificate itself."""

from flowlattice.certify.render.page import page_of
from flowlattice.certify.render.sarif import sarif_of
from flowlattice.certify.render.text import check_line, report_lines

__all__ = ["check_line", "page_of", "report_lines", "sarif_of"]
