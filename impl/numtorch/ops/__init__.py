"""The operator rows, a module a family. They are data for codegen.py; nothing here runs when numtorch is used."""
