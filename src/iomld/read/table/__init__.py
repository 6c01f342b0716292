"""Tables of records: CSV, TSV and XLSX, with their headings."""
