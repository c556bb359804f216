"""Examples of group-robust learning on any Gymnasium environment: run them with `python -m policies.examples.NAME`."""
