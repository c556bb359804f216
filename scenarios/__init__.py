"""The scenario language: schema, loader, units and errors, and the library of scenarios."""
