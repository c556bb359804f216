"""The front door: the command line and a small façade."""
